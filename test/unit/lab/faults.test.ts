// Tasks that name a fault of the library, or draw one.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { TaskDefinition, Variation } from '../../../src/api/lab.ts';
import { loadLab, readLab } from '../../../src/host/lab/load.ts';
import { labJsonSchema } from '../../../src/host/lab/schema.ts';
import { textOf } from '../../../src/host/lab/text.ts';
import { studentEdition } from '../../../src/host/pack/edition.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-faults-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const nodes = '{ nodes: [{ name: controlplane, role: control-plane }, { name: node01 }, { name: node02 }] }';

const write = (tasks: string, { cluster = nodes, files = {} as Readonly<Record<string, string>> } = {}): string => {
  const yaml = `apiVersion: labs/v1
name: reports
title: { en: Reports, ko: 신고 }
summary: { en: Reports, ko: 신고 }
cluster: ${cluster}
tasks:
${tasks}`;
  for (const [file, text] of Object.entries({ ...files, 'lab.yaml': yaml })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return yaml;
};

/** The names of the faults of each task. */
const namesOf = ({ setup = '' }: TaskDefinition): readonly string[] =>
  [...setup.matchAll(/"name":"([^"]+)"/g)].map(([, name = '']) => name);

const drawn = async (variation: Variation = {}): Promise<readonly string[]> =>
  (await loadLab(folder, undefined, variation)).tasks.flatMap(namesOf);

const problems = async (): Promise<readonly string[]> =>
  (await readLab(folder)).diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('a task with a fault', () => {
  test('looks like any other task', async () => {
    write('  - { id: one, fault: { name: tampered-rule, service: web/prices, caller: node01 } }\n');
    const [task] = (await loadLab(folder)).tasks;
    expect(task).toMatchObject({
      id: 'one',
      title: { en: 'A report about prices' },
      text: { en: join(folder, 'tasks/one.md'), ko: join(folder, 'tasks/one.ko.md') },
      debrief: { en: join(folder, 'tasks/one.debrief.md') },
      checks: [
        { id: 'answers', type: 'http', from: 'pod/web/prices-visitor', lands: ['pod/web/prices'], reveal: 'symptom' },
        { id: 'everywhere', type: 'iptables' },
      ],
    });
    expect(task?.setup).toContain('"caller":"node01"');
    expect(task?.setup).toContain('"server":"node02"');
  });

  test('may have a title, hints and further checks of its own', async () => {
    const check = '{ id: more, title: More, type: object, object: pod/x }';
    write(`  - { id: one, fault: selector-typo, title: Mine, hints: [Look], checks: [${check}] }\n`);
    const [task] = (await loadLab(folder)).tasks;
    expect(task?.title).toEqual({ en: 'Mine' });
    expect(task?.hints.map(({ text }) => text.en)).toEqual(['Look']);
    expect(task?.checks.map(({ id }) => id)).toEqual(['answers', 'cause', 'more']);
  });

  test('fills the sentences of the fault into a text of the author', async () => {
    const symptom = `$${'{fault:symptom}'}`;
    const files = { 'tasks/one.md': `Before.\n\n${symptom}\n\nAfter.\n` };
    write('  - { id: one, fault: selector-typo }\n', { files });
    const lab = await loadLab(folder);
    expect(await textOf(lab, join(folder, 'tasks/one.md'))).toMatch(/^Before\.\n\nThis task .*\n\n> The pod /);
    expect(lab.tasks[0]?.text.ko).toBeUndefined();
  });

  test('may have several, which share the check that both have', async () => {
    write('  - { id: one, fault: [{ name: selector-typo, service: a/b }, { name: ip-forward-off, service: a/b }] }\n');
    const lab = await loadLab(folder);
    const [task] = lab.tasks;
    expect(task && namesOf(task)).toEqual(['selector-typo', 'ip-forward-off']);
    expect(task?.checks.map(({ id, needs }) => [id, needs])).toEqual([
      ['answers', []],
      ['cause', ['one/answers']],
      ['cause-2', []],
    ]);
    expect(await textOf(lab, task?.text.en ?? '')).not.toContain('any other pod');
  });

  test('changes no digest of the folder', async () => {
    write('  - { id: one, fault: { draw: all } }\n');
    const [first, second] = [
      await loadLab(folder, undefined, { seed: '1' }),
      await loadLab(folder, undefined, { seed: '2' }),
    ];
    expect(first.digest).toBe(second.digest);
  });
});

describe('a draw', () => {
  test('is the same for the same student and seed, and others have others', async () => {
    write('  - { id: one, fault: { draw: all } }\n  - { id: two, fault: { draw: all } }\n');
    expect(await drawn({ seed: 'a', student: 'x' })).toEqual(await drawn({ seed: 'a', student: 'x' }));
    const seeds = Array.from({ length: 30 }, (_, seed) => String(seed));
    const all = await Promise.all(seeds.map((seed) => drawn({ seed })));
    expect(new Set(all.map(String)).size).toBeGreaterThan(10);
    expect(new Set(all.flat()).size).toBeGreaterThan(10);
    expect((await loadLab(folder)).drawsFaults).toBe(true);
  });

  test('never takes a fault twice, nor one that another task names', async () => {
    write(`  - { id: one, fault: { draw: [mtu, wrong-cidr, dns-down] } }
  - { id: two, fault: { draw: [mtu, wrong-cidr] } }
  - { id: three, fault: { draw: [mtu, selector-typo, tampered-rule] } }
  - { id: four, fault: tampered-rule }
`);
    for (let seed = 0; seed < 40; seed++) {
      const names = await drawn({ seed: String(seed) });
      expect(new Set(names).size).toBe(4);
      expect(['mtu', 'wrong-cidr']).toContain(names[1]);
    }
  });

  test('leaves out what the cluster cannot have', async () => {
    const cluster = nodes.replace('}] }', '}], proxy: { mode: nftables }, podNetwork: none }');
    write('  - { id: one, fault: { draw: all } }\n', { cluster });
    for (let seed = 0; seed < 40; seed++)
      expect(['tampered-rule', 'missing-route', 'mtu', 'policy-too-tight']).not.toContain(
        (await drawn({ seed: String(seed) }))[0],
      );
  });

  test('takes parameters for all, and for one', async () => {
    write('  - { id: one, fault: { draw: [{ name: mtu, mtu: 900 }, selector-typo], service: a/b, caller: node01 } }\n');
    for (const seed of ['1', '2', '3', '4', '5', '6']) {
      const [task] = (await loadLab(folder, undefined, { seed })).tasks;
      expect(task?.setup).toContain('"service":"a/b"');
      if (task && namesOf(task)[0] === 'mtu') expect(task.setup).toContain('"mtu":900');
    }
  });
});

describe('a mistake', () => {
  const task = (fault: string): string => `  - id: one\n    fault: ${fault}\n`;

  test.each([
    ['selector-tipo', '8:12 fault: there is no fault "selector-tipo"; did you mean "selector-typo"?'],
    ['{ name: mtuu }', '8:20 fault: there is no fault "mtuu"; did you mean "mtu"?'],
    ['{ draw: [mtu, mtuu] }', '8:26 fault: there is no fault "mtuu"; did you mean "mtu"?'],
    ['{ name: mtu, mtx: 900 }', '8:25 fault: unknown parameter "mtx"; did you mean "mtu"?'],
    ['{ draw: [mtu], mtx: 900 }', '8:27 fault: unknown parameter "mtx"; did you mean "mtu"?'],
    ['{ name: mtu, mtu: small }', '8:30 fault.mtu: is "small", must be a number'],
    ['{ name: mtu, caller: node1 }', '8:33 fault.caller: there is no node "node1"; did you mean "node01"?'],
    ['{ draw: all, caller: node1 }', '8:33 fault.caller: there is no node "node1"; did you mean "node01"?'],
    [
      '{ name: mtu, caller: node01, server: node01 }',
      '8:49 fault.server: is node01, must be another node than the other pod’s',
    ],
    ['{ name: mtu, service: web }', '8:34 fault.service: "web" is not a service such as shop/archive'],
    ['{ draw: some }', '8:20 fault.draw: is "some", must be "all" or a list of faults'],
    ['{ service: a/b }', '8:12 fault: is neither the name of a fault nor a map with name or draw'],
    ['[]', '8:12 fault: must not be empty'],
    ['selector-typo\n    setup: x.ts', '9:5 setup: a task with a fault has the scripts of the fault; remove it'],
    ['selector-typo\n    falt: x', '9:5 tasks[0]: unknown field "falt"; did you mean "fault"?'],
    [
      '{ draw: [mtu] }\n  - { id: two, fault: mtu }',
      '8:20 fault.draw: no fault is left: each is used once in a lab, and other tasks have taken all of these',
    ],
  ])('in `fault: %s` is one error with its place', async (fault, problem) => {
    const files = { 'x.ts': 'export const setup = async () => {};\n' };
    write(task(fault), { files });
    expect(await problems()).toEqual([problem]);
  });

  test('is a pair of faults that need other pods for one service', async () => {
    write(task('[{ draw: [selector-typo, mtu], service: a/b }, { draw: [unready-endpoint], service: a/b }]'));
    expect(await problems()).toEqual([
      '8:59 fault: unready-endpoint and selector-typo cannot share the service a/b: they need other pods there',
    ]);
  });

  test('is a fault that does not stay in the cluster', async () => {
    write(task('tampered-rule'), { cluster: nodes.replace('}] }', '}], proxy: { mode: nftables } }') });
    expect(await problems()).toEqual([
      '8:12 fault: tampered-rule needs kube-proxy’s mode iptables; the lab has nftables',
    ]);
  });

  test('is a cluster without a second node', async () => {
    write(task('selector-typo'), { cluster: '{ nodes: [{ name: controlplane, role: control-plane }] }' });
    expect(await problems()).toEqual([
      '8:12 fault.server: the lab has no node for it; it needs two nodes, one with a kube-proxy',
    ]);
  });
});

test('the edition for students keeps the symptom, and labs solves nothing there', async () => {
  write('  - { id: one, fault: { draw: [mtu, selector-typo] } }\n');
  const { files } = await studentEdition(folder);
  for (const [file, content] of files) writeFileSync(join(folder, file), content);
  const lab = await loadLab(folder);
  const [task] = lab.tasks;
  expect(task?.solve).toBeUndefined();
  expect(task?.setup).toBeDefined();
  expect(await textOf(lab, task?.text.en ?? '')).toContain('A user reports');
  expect(readFileSync(join(folder, 'lab.yaml'), 'utf8')).not.toContain('checks');
});

test('editors accept faults, and find a wrong name', () => {
  const validate = new Ajv({ strict: false }).compile(labJsonSchema());
  const accepts = (fault: string): boolean => validate(parse(write(`  - { id: one, fault: ${fault} }\n`)));
  const good = [
    'mtu',
    '{ name: mtu, mtu: 900 }',
    '{ draw: all }',
    '{ draw: [mtu, { name: dns-down, service: a/b }], caller: node01 }',
    '[mtu, { draw: [dns-down] }]',
  ];
  expect(good.filter((fault) => !accepts(fault))).toEqual([]);
  expect(['mut', '{ name: mtu, mtx: 900 }', '[]'].filter(accepts)).toEqual([]);
  expect(validate(parse(write('  - { id: one, title: One }\n')))).toBe(false);
});
