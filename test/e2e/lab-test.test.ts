// What authors see of `labs test`: a lab with one weakness of each kind, a lab without any, and an interruption.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Part, Tried } from '../../src/host/instructor/test/course.ts';
import { containersOf, labs, type Ran, spawnLabs, volumesOf, written } from './cli-support.ts';

/** Two runs of this test may run at the same time. */
const name = `test-e2e-${process.pid}`;
let folder: string;
const environment = () => ({ env: { XDG_STATE_HOME: join(folder, 'state') } });
const run = (...argv: string[]): Promise<Ran> => labs(['test', ...argv], environment());

const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
};

const head = (lab: string): string => `apiVersion: labs/v1
name: ${lab}
title: { en: Small, ko: 작은 실습 }
summary: For tests.
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }] }
`;

const pods = (...names: string[]): string =>
  names
    .map((each) => {
      const metadata = `{ name: ${each}, labels: { app: ${each} } }`;
      const spec = `{ nodeName: node01, terminationGracePeriodSeconds: 0, containers: [{ name: main, image: web }] }`;
      return `apiVersion: v1\nkind: Pod\nmetadata: ${metadata}\nspec: ${spec}\n`;
    })
    .join('---\n');

const solveWeb = `const manifest = \`${pods('web', 'blue')}---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
\`;
export const solve = async (lab) => {
  await lab.apply(manifest);
  await lab.kubectl('wait', '--for=condition=Ready', 'pod/web', 'pod/blue', '--timeout=60s');
};
`;
const clearWeb = `export const clear = async (lab) => {
  await lab.kubectl('delete', 'pod/web', 'pod/blue', 'service/web', '--ignore-not-found');
};
`;

/** kube-proxy is stopped on node01. */
const mend = (
  resume: string,
): string => `export const setup = (lab) => lab.node('node01').systemctl('stop', 'kube-proxy');
export const solve = (lab) => lab.node('node01').systemctl('start', 'kube-proxy');
${resume}`;

const goodLab = `${head('good')}
tasks:
  - id: web
    title: { en: Web, ko: 웹 }
    solve: solve/web.ts
    wrong: [solve/cheat.ts]
    checks:
      - { id: made, title: The service exists, type: object, object: service/web }
      - id: works
        title: It answers
        type: http
        needs: made
        within: 1s
        from: pod/blue
        url: http://web/
        lands: pod/web
  - id: mend
    title: { en: Mend, ko: 고치기 }
    setup: solve/mend.ts
    solve: solve/mend.ts
    checks:
      - { id: runs, title: kube-proxy runs, type: process, on: node/*, name: kube-proxy, within: 2s }
`;

const badLab = `${head('bad')}
tasks:
  - id: web
    title: { en: Web, ko: 웹 }
    solve: solve/web.ts
    wrong: [solve/cheat.ts]
    checks:
      - { id: weak, title: The service exists, type: object, object: service/web }
      - { id: free, title: The kubelet runs, type: process, on: node/node01, name: kubelet }
  - id: pod
    title: A pod
    solve: solve/pod.ts
    checks:
      - { id: blue, title: Blue runs, type: object, object: pod/blue }
      - { id: asked, title: Asked, type: answer, question: Which?, matches: /./ }
  - id: mend
    title: Mend
    setup: solve/mend.ts
    solve: solve/mend.ts
    checks:
      - { id: runs, title: kube-proxy runs, type: process, on: node/node01, name: kube-proxy, within: 2s }
`;

const cheat = `export const cheat = (lab) => lab.kubectl('create', 'service', 'clusterip', 'web', '--tcp=81');\n`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  await write({
    'good/lab.yaml': goodLab,
    'good/solve/web.ts': solveWeb + clearWeb,
    'good/solve/mend.ts': mend(''),
    'good/solve/cheat.ts': cheat,
    'good/tasks/web.md': '# Web\n',
    'good/tasks/web.ko.md': '# 웹\n',
    'good/tasks/mend.md': '# Mend\n',
    'good/tasks/mend.ko.md': '# 고치기\n',
    'bad/lab.yaml': badLab,
    'bad/solve/web.ts': solveWeb,
    'bad/solve/pod.ts': "export const solve = (lab) => lab.answer('asked', 'this');\n",
    // The restart has mended it, and the script says that there is nothing to do.
    'bad/solve/mend.ts': mend('export const resume = async () => false;\n'),
    'bad/solve/cheat.ts': 'export const cheat = async () => {};\n',
    'bad/tasks/web.md': [
      '# Web\n',
      '```node01 fails\nfalse\n```\n',
      '```node01\nWHERE=here\n```\n\n```node01\ntest "$WHERE" = here\ncat /nowhere\n```\n',
      '```nowhere\ntrue\n```\n',
    ].join('\n'),
    'bad/tasks/web.ko.md': '# 웹\n',
    'bad/tasks/web.debrief.md': `The address is $\{service/web:.spec.clusterIP}.\n`,
    'bad/tasks/pod.md': '# A pod\n\n```node01 fails\ntrue\n```\n',
    'bad/tasks/mend.md': '# Mend\n',
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Result {
  readonly passed: boolean;
  readonly runs: readonly {
    readonly parts: readonly Part[];
    readonly wrongSolutions: readonly Tried[];
    readonly strength: { readonly all: number; readonly killed: number };
  }[];
}

test('a good lab passes, and its cluster is gone', async () => {
  const { exitCode, stdout, stderr } = await run(join(folder, 'good'), '--name', name);
  expect(exitCode, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/Check strength: (\d+) of \1 wrong solutions lose points/);
  expect(stderr).toContain('✔ Task 2: Mend');
  expect(await containersOf(name)).toEqual([]);
  expect(await volumesOf(name)).toEqual([]);
});

test('of a bad lab, each weakness is found', async () => {
  const junit = join(folder, 'junit.xml');
  const { exitCode, stdout, stderr } = await run(join(folder, 'bad'), '--name', name, '--json', '-r', `junit=${junit}`);
  expect(exitCode, stdout + stderr).toBe(1);
  const { passed, runs } = JSON.parse(stdout) as Result;
  const [{ parts, wrongSolutions, strength } = { parts: [], wrongSolutions: [], strength: undefined }] = runs;
  expect(passed).toBe(false);
  const found = Object.fromEntries(parts.map(({ id, findings }) => [id, findings.map(({ text }) => text)]));
  const all = Object.values(found).flat();
  const expected = [
    /tasks\/web.debrief.md: nothing fills in \$\{service\/web:.spec.clusterIP\}/,
    /tasks\/web.md: a code block names "nowhere"/,
    /tasks\/web.ko.md has other commands than the English text/,
    /on node01, `cat \/nowhere` ends with exit code 1: cat: \/nowhere: No such file/,
    /tasks\/pod.md has no translation \(ko\)/,
    /web\/free passes before anybody has done anything/,
    /the solution of task "web" turns pod\/blue green/,
    /web\/weak still passes after a reset/,
    /a stop and a start mend the fault of task "mend"/,
    /a wrong solution of task "web" has all points \(default\/web has another target port\): web\/weak: pass/,
    /a wrong solution of task "web" has all points \(the author’s solve\/cheat.ts\)/,
    /a wrong solution of task "pod" has all points \(pod\/asked answered with "labs-test"\)/,
    /on node01, `true` is meant to fail, and ends with 0/,
  ];
  for (const each of expected) expect(all, String(each)).toContainEqual(expect.stringMatching(each));
  expect(wrongSolutions).toContainEqual(
    expect.objectContaining({ task: 'mend', what: 'kube-proxy is stopped on node01', result: 'killed' }),
  );
  expect(strength?.killed).toBeLessThan(strength?.all ?? 0);
  expect(await readFile(junit, 'utf8')).toContain('<failure message="web/free passes');
  expect(await containersOf(name)).toEqual([]);
});

test('Ctrl-C deletes the cluster, and prints what was found until then', async () => {
  const running = spawnLabs(['test', join(folder, 'bad'), '--name', name], environment());
  await written(running.stderr, 'A fresh cluster');
  running.kill('SIGINT');
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(130);
  expect(stdout).toMatch(/✘ tasks\/web.debrief.md: nothing fills in/);
  expect(stdout).toMatch(/the test did not reach its end. Until then: \d+ findings/);
  expect(await containersOf(name)).toEqual([]);
});

test('a lab that is not valid is refused with all problems, and a script without its function is found', async () => {
  await write({
    'wrong/lab.yaml': badLab.replace('type: object', 'type: objekt').replace('solve/pod.ts', 'solve/pods.ts'),
  });
  const { exitCode, stderr } = await run(join(folder, 'wrong'));
  expect(exitCode).toBe(2);
  expect(stderr).toContain('objekt');
  await write({ 'good/solve/cheat.ts': 'export const cheats = async () => {};\n' });
  const { exitCode: found, stdout } = await run(join(folder, 'good'), '--name', name);
  expect(found).toBe(1);
  expect(stdout).toContain('solve/cheat.ts exports no function cheat(lab)');
});
