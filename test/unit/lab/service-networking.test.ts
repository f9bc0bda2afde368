import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type LabDefinition, languages } from '../../../src/api/lab.ts';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import { loadLab } from '../../../src/host/lab/load.ts';
import { accessTo, nobody, noRules, type World } from '../grade/world.ts';

let lab: LabDefinition;
beforeAll(async () => {
  lab = await loadLab(join(import.meta.dirname, '../../../labs/service-networking'));
});

const process = (command: string, ...argv: string[]) => ({
  pid: 1,
  command,
  arguments: argv,
  networkNamespace: 'net:[1]',
  state: 'running' as const,
});
const node = {
  iptables: noRules,
  links: [],
  routes: [],
  listeners: [],
  namespaces: [],
  processes: [process('kube-proxy', '-v=4'), process('kubelet'), process('kube-apiserver')],
};
const nodes = ['controlplane', 'node01', 'node02'];
const nothingAnswers = { ok: false, failure: 'timeout', message: '' } as const;

/** A healthy cluster in which the student has done nothing. */
const untouched: World = {
  facts: { controlplane: node, node01: node, node02: node, client: node },
  http: () => nothingAnswers,
  tcp: () => nothingAnswers,
  lookup: () => nothingAnswers,
  files: Object.fromEntries(nodes.map((name) => [`${name}:/var/log/kube-proxy.log`, 'Using iptables Proxier\n'])),
};

test.each([
  ['untouched', nobody],
  [
    'that was emptied after the tasks with faults were begun',
    { ...nobody, begun: ['mend-proxy', 'mend-selector', 'mend-rule'] },
  ],
])('a cluster %s scores nothing: no check passes because nothing exists', async (_, progress) => {
  const signal = new AbortController().signal;
  const report = await gradeLab({ lab, access: accessTo(untouched), progress, signal });
  const passed = report.tasks.flatMap(({ id, checks }) =>
    checks.filter(({ outcome }) => outcome === 'pass').map((check) => `${id}/${check.id}`),
  );
  expect(passed).toEqual([]);
  expect(report).toMatchObject({ score: 0, broken: false });
});

test.each(languages)(
  'what a check expects and observes is shown without regular expressions (%s)',
  async (language) => {
    const signal = new AbortController().signal;
    const begun = { ...nobody, begun: ['mend-proxy', 'mend-selector', 'mend-rule'] };
    const report = await gradeLab({ lab, access: accessTo(untouched), progress: begun, language, signal });
    const shown = report.tasks.flatMap(({ checks }) =>
      checks.flatMap(({ expected, observed }) => [expected, observed]),
    );
    expect(shown.length).toBeGreaterThan(100);
    expect(shown.filter((text) => /\/\^|\\|\(\?|\.\*|\|/.test(text))).toEqual([]);
  },
);

test('a task that has not begun shows nothing of what is to be found', async () => {
  const signal = new AbortController().signal;
  const report = await gradeLab({ lab, access: accessTo(untouched), progress: nobody, signal });
  for (const { id, checks } of report.tasks.filter(({ id }) => id.startsWith('mend-'))) {
    for (const { expected, observed } of checks)
      expect(`${expected} ${observed}`, id).not.toMatch(/kube-proxy|packet|endpoint|selector|rule/);
  }
});
