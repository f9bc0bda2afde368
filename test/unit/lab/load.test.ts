import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLab, findTask, listLabs } from '../../../src/host/lab/catalogue.ts';
import { loadLab, readLab } from '../../../src/host/lab/load.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async (path: string, content = ''): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
};

const valid = `apiVersion: labs/v1
name: tiny
title: Tiny
summary: { en: A tiny lab, ko: 작은 실습 }
cluster:
  nodes:
    - { name: controlplane, role: control-plane }
    - { name: node01 }
tasks:
  - id: look
    title: Look
    checks:
      - { id: there, title: It is there, type: object, object: service/x }
`;

/** The problems as `line:column: message`. */
const problems = async (source: string): Promise<readonly string[]> => {
  await write('lab.yaml', source);
  await write('tasks/look.md');
  const { diagnostics } = await readLab(folder);
  return diagnostics.map(({ line, column, message }) => `${line}:${column}: ${message}`);
};

test('says which files of the cluster are missing, and which of their parameters', async () => {
  await write('web.yaml', `kind: Pod\nmetadata: { name: "\${param:who}" }\n`);
  expect(await problems(`${valid}manifests: [web.yaml, wbe.yaml]\nsetup: setup.ts\n`)).toEqual([
    '14:23: there is no file "wbe.yaml" in the lab’s folder; did you mean "web.yaml"?',
    '15:8: there is no file "setup.ts" in the lab’s folder',
    '2:20: there is no parameter "who" in params',
  ]);
});

test('refuses to restart a kube-proxy that a node does not have', async () => {
  const check =
    '{ id: change, title: T, type: change, do: restart-kube-proxy, object: node/node01, from: client, to: "10.96.0.1:443" }';
  const source = valid.replace('{ name: node01 }', '{ name: node01, proxy: false }');
  expect(await problems(`${source}      - ${check}\n`)).toEqual([
    expect.stringContaining('object: node01 has no kube-proxy in this lab; write another node'),
  ]);
  const installed = check.replace('type: change', 'type: change, needs: one');
  expect(await problems(`${source}      - ${installed}\n`)).not.toContainEqual(
    expect.stringContaining('no kube-proxy'),
  );
});

describe('a valid lab', () => {
  test('has no kube-proxy on any node in its mode none', async () => {
    await write('lab.yaml', valid.replace('tasks:\n', '  proxy: { mode: none, verbosity: 2 }\ntasks:\n'));
    await write('tasks/look.md');
    const { cluster } = await loadLab(folder);
    expect(cluster.proxy).toEqual({ verbosity: 2 });
    expect(cluster.nodes.map(({ proxy }) => proxy)).toEqual([false, false]);
  });

  test('names the manifests and the setup of its cluster', async () => {
    await write('lab.yaml', `${valid}manifests: [web.yaml]\nsetup: setup.ts\nimages: [nginx:1.27]\n`);
    await write('tasks/look.md');
    await write('web.yaml', 'kind: Pod');
    await write('setup.ts');
    expect(await loadLab(folder)).toMatchObject({
      manifests: [join(folder, 'web.yaml')],
      setup: join(folder, 'setup.ts'),
      images: ['nginx:1.27'],
    });
  });

  test('is read with its defaults', async () => {
    await write('lab.yaml', valid);
    await write('tasks/look.md', 'Look.');
    await write('tasks/look.ko.md', '보세요.');
    await write('tasks/look.debrief.md', 'Because.');
    await write('tasks/look.debrief.ko.md', '왜냐하면.');
    const lab = await loadLab(folder);
    expect(lab).toMatchObject({
      name: 'tiny',
      title: { en: 'Tiny' },
      cluster: {
        nodes: [{ role: 'control-plane' }, { name: 'node01', role: 'worker' }],
        clients: [{ name: 'client' }],
        serviceCidr: '10.96.0.0/12',
        dnsAddress: '10.96.0.10',
        podNetwork: 'routes',
        proxy: { verbosity: 4 },
      },
      tasks: [
        {
          text: { en: join(folder, 'tasks/look.md'), ko: join(folder, 'tasks/look.ko.md') },
          debrief: { en: join(folder, 'tasks/look.debrief.md'), ko: join(folder, 'tasks/look.debrief.ko.md') },
        },
      ],
    });
    expect(lab.tasks[0]?.checks[0]).toMatchObject({ points: 1, not: false, withinMs: 0, needs: [], exists: true });
  });

  test('has another digest when any of its files changes', async () => {
    await write('lab.yaml', valid);
    await write('tasks/look.md', 'Look.');
    const before = (await loadLab(folder)).digest;
    expect((await loadLab(folder)).digest).toBe(before);
    await write('tasks/look.md', 'Look again.');
    expect((await loadLab(folder)).digest).not.toBe(before);
  });
});

describe('a lab that was read before, with a cache', () => {
  const cache = () => join(folder, 'cache');
  const kept = () => readdir(join(cache(), 'definitions'));
  beforeEach(async () => {
    await write('lab/lab.yaml', valid);
    await write('lab/tasks/look.md', 'Look.');
  });

  test('is read the same, and again after each change', async () => {
    const lab = join(folder, 'lab');
    expect(await loadLab(lab, cache())).toEqual(await loadLab(lab));
    expect(await loadLab(lab, cache())).toEqual(await loadLab(lab));
    await write('lab/lab.yaml', valid.replace('name: tiny', 'name: other'));
    expect((await loadLab(lab, cache())).name).toBe('other');
    await write('lab/tasks/look.md', 'Look again.');
    expect(await loadLab(lab, cache())).toEqual(await loadLab(lab));
    expect(await kept()).toHaveLength(1);
  });

  test('comes from the cache, and from lab.yaml if the cache is damaged', async () => {
    const lab = join(folder, 'lab');
    await loadLab(lab, cache());
    const [name = ''] = await kept();
    const file = join(cache(), 'definitions', name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"name":"tiny"', '"name":"cached"'));
    expect((await loadLab(lab, cache())).name).toBe('cached');
    for (const damaged of [text.slice(0, -9), text.replace('"name":"tiny"', '"nome":"tiny"'), 'null', '']) {
      await writeFile(file, damaged);
      expect((await loadLab(lab, cache())).name).toBe('tiny');
    }
  });

  test('reports its problems with their places when it becomes wrong', async () => {
    const lab = join(folder, 'lab');
    await loadLab(lab, cache());
    await write('lab/lab.yaml', valid.replace('title: Look', 'titel: Look'));
    const { diagnostics } = await readLab(lab, cache());
    expect(diagnostics).toEqual((await readLab(lab)).diagnostics);
    expect(diagnostics).not.toEqual([]);
    // A file that the lab.yaml needs is missing.
    await write('lab/lab.yaml', valid);
    await rm(join(lab, 'tasks/look.md'));
    expect((await readLab(lab, cache())).diagnostics).toEqual((await readLab(lab)).diagnostics);
  });

  test('is read also where nothing can be written', async () => {
    await write('file');
    expect((await loadLab(join(folder, 'lab'), join(folder, 'file'))).name).toBe('tiny');
  });
});

describe('a wrong lab', () => {
  test('reports all of its problems at once, each with its place', async () => {
    const source = valid
      .replace('labs/v1', 'labs/v2')
      .replace('name: node01', 'name: node01, rol: worker')
      .replace('title: Look', 'titel: Look')
      .replace('type: object, object: service/x', 'type: objekt');
    expect(await problems(source)).toEqual([
      '1:13: apiVersion: is "labs/v2", must be "labs/v1"',
      '8:23: cluster.nodes[1]: unknown field "rol"; did you mean "role"?',
      '11:5: tasks[0]: unknown field "titel"; did you mean "title"?',
      expect.stringMatching(
        /^13:48: tasks\[0\]\.checks\[0\]\.type: is "objekt", must be one of http, .*did you mean "object"\?$/,
      ),
    ]);
  });

  test.each([
    [
      'a wrong number',
      '\ntasks:',
      '\n  proxy: { verbosity: loud }\ntasks:',
      'cluster.proxy.verbosity: is "loud", must be a number',
    ],
  ])('names %s', async (_, from, to, message) => {
    expect(await problems(valid.replace(from, to))).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['a need that does not exist', 'needs: ther', 'needs: there is no check "ther"; did you mean "there"?'],
    ['a need of itself', 'needs: there', 'needs: check "there" needs itself'],
    [
      'a task whose checks are all hidden',
      'visibility: never',
      'checks: all are hidden; the student must see at least one',
    ],
    ['a bad duration', 'within: soon', 'within: "soon" is not a duration such as 5s or 500ms'],
    ['a bad regular expression', 'where: [{ path: .a, matches: /(/ }]', 'is not a regular expression'],
    ['a bad path', 'where: [{ path: spec }]', '"spec" is not a path such as .spec.clusterIP'],
  ])('names %s', async (_, field, message) => {
    const found = await problems(valid.replace('object: service/x', `object: service/x, ${field}`));
    expect(found).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    [
      'an unknown node in a list',
      'type: policy, from: [client, node/node1], to: pod/x, port: 1',
      'from: there is no node "node1"',
    ],
    [
      'an unknown destination',
      'type: policy, from: client, to: [pod/x, node/node1], port: 1',
      'to: there is no node "node1"',
    ],
    ['too few requests', 'type: http, from: client, url: "http://x/", spread: 3, times: 10', 'Write at least 26'],
    ['an unknown node', 'type: route, on: node/node1, to: default', 'there is no node "node1"; did you mean "node01"?'],
    ['an invalid place', 'type: tcp, from: blue, to: "a:1"', '"blue" is not a place: write pod/NAME'],
    [
      'rules and packet both missing',
      'type: iptables, on: node/*',
      'an iptables check needs either the field rules or the field packet',
    ],
    [
      'an answer check without an expected answer',
      'type: answer, question: Why',
      'an answer check needs exactly one of the fields equals',
    ],
    [
      'a choice that does not exist',
      'type: answer, question: Why, choices: [{ id: yes-it-is, text: Y }], equals: yes-it-i',
      'there is no choice',
    ],
    ['a missing script', 'type: script, file: checks/x.ts', 'there is no file "checks/x.ts" in the lab’s folder'],
  ])('names %s', async (_, check, message) => {
    const found = await problems(valid.replace('type: object, object: service/x', check));
    expect(found).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['sysctl', 'name: net.core.somaxconn, value: { min: 5, max: 1 }', 'value'],
    ['link', 'name: eth0, count: { min: 5, max: 1 }', 'count'],
  ])('names a range of a %s check that holds nothing', async (type, fields, field) => {
    const written = `type: ${type}, on: node/node01, ${fields}`;
    expect(await problems(valid.replace('type: object, object: service/x', written))).toEqual([
      expect.stringMatching(
        new RegExp(`^13:\\d+: tasks.*${field}: min is 5, which is more than max, 1: write {min: 1, max: 5}$`),
      ),
    ]);
    expect(
      await problems(valid.replace('type: object, object: service/x', written.replace('min: 5', 'min: 1'))),
    ).toEqual([]);
  });

  test('names a hint that costs more than its task gives', async () => {
    const withHint = (cost: number) =>
      valid.replace('    checks:', `    hints:\n      - Free\n      - { text: Dear, cost: ${cost} }\n    checks:`);
    expect(await problems(withHint(2))).toEqual(['14:29: cost: is 2, must be at most the points of the task, 1']);
    expect(await problems(withHint(1))).toEqual([]);
  });

  test('names a question that is hidden, and a check that needs a hidden one', async () => {
    const check = '      - { id: there, title: It is there, type: object, object: service/x }';
    const question = '      - { id: why, title: W, type: answer, question: Why, equals: [a], visibility: never }';
    const hidden = '      - { id: hidden, title: H, type: object, object: service/x, visibility: afterDue }';
    const needing = check.replace(' }', ', needs: hidden }');
    expect(await problems(valid.replace(check, `${check}\n${question}\n${hidden}`))).toEqual([
      expect.stringContaining('visibility: a question cannot be hidden'),
    ]);
    expect(await problems(valid.replace(check, `${needing}\n${hidden}`))).toEqual([
      expect.stringContaining('needs: the student does not see the check "hidden"'),
    ]);
  });

  test('reports wrong shapes, wrong names, missing files and wrong parameters together', async () => {
    const second = `  - id: mend
    title: Mend
    solve: solve/mend.ts
    checks:
      - { id: it, title: It, type: script, file: checks/it.ts, needs: look/ther }
`;
    await write('lab.yaml', valid.replace('title: Look', 'titel: Look') + second);
    await write('tasks/look.md', `See \${param:x}.`);
    const { diagnostics } = await readLab(folder);
    expect(diagnostics.map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '11 schema',
      '14 missing-file',
      '16 missing-file',
      '18 missing-file',
      '18 reference',
      '1 parameter',
    ]);
  });

  test('names a task file that is missing', async () => {
    await write('lab.yaml', valid);
    await write('tasks/lok.md');
    const { diagnostics } = await readLab(folder);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'there is no file "tasks/look.md" in the lab’s folder; did you mean "tasks/lok.md"?',
    ]);
  });

  test('suggests no text that only a fault of the library brings', async () => {
    await write(
      'lab.yaml',
      `${valid}  - { id: loop, title: Loop, checks: [] }\n  - { id: loops, fault: selector-typo }\n`,
    );
    await write('tasks/look.md');
    const { diagnostics } = await readLab(folder);
    expect(diagnostics.map(({ message }) => message).filter((each) => each.includes('no file'))).toEqual([
      'there is no file "tasks/loop.md" in the lab’s folder; did you mean "tasks/look.md"?',
    ]);
  });

  test('names duplicate tasks and checks, and loops of needs', async () => {
    const task = valid.slice(valid.indexOf('  - id: look'));
    expect(await problems(valid + task)).toEqual([
      expect.stringContaining('"look" is already the name of another task'),
    ]);
    const circle = valid.replace(
      '      - { id: there, title: It is there, type: object, object: service/x }',
      `      - { id: a, title: A, type: object, object: service/x, needs: b }
      - { id: b, title: B, type: object, object: service/x, needs: a }`,
    );
    expect(await problems(circle)).toEqual([expect.stringContaining('needs itself through other checks')]);
  });

  test('names each need of a task that is no earlier task', async () => {
    const more = (id: string, needs: string): string =>
      valid
        .slice(valid.indexOf('  - id: look'))
        .replace('id: look', `id: ${id}\n    needs: ${needs}\n    text: tasks/look.md`);
    const lab = valid.replace('  - id: look', '  - id: look\n    needs: [route]') + more('route', '[lok, look]');
    expect(await problems(lab + more('self', 'self') + more('early', 'last') + more('last', 'look'))).toEqual([
      '11:13: needs: tasks "look" and "route" need each other',
      '16:13: needs: there is no task "lok"; did you mean "look"?',
      '22:12: needs: task "self" needs itself',
      '28:12: needs: task "last" comes later; a task can need only tasks before it',
    ]);
  });

  test('fails to load with every line, the file’s name and exit code 2', async () => {
    await write('lab.yaml', valid.replace('name: tiny', 'name: Tiny Lab'));
    await write('tasks/look.md');
    await expect(loadLab(folder)).rejects.toMatchObject({
      code: 'LAB_DEFINITION_INVALID',
      exitCode: 2,
      message: expect.stringMatching(/lab\.yaml:2:7: name: "Tiny Lab" is not a name/),
    });
  });
});

describe('finding labs and tasks', () => {
  beforeEach(async () => {
    await write('tiny/lab.yaml', valid);
    await write('tiny/tasks/look.md');
    await write('wrong/lab.yaml', 'name: wrong');
    await write('not-a-lab/readme.md');
  });

  test('lists all labs, invalid ones with their problem', async () => {
    expect(await listLabs([folder])).toMatchObject([
      { name: 'tiny', tasks: 1, nodes: 2 },
      { name: 'wrong', problem: expect.stringContaining('lab.yaml:1:1') },
    ]);
  });

  test('suggests the nearest name', async () => {
    await expect(findLab([folder], 'tinny')).rejects.toMatchObject({
      code: 'LAB_UNKNOWN',
      exitCode: 2,
      message: 'There is no lab "tinny"; did you mean "tiny"?',
    });
    const lab = await findLab([folder], 'tiny');
    expect(findTask(lab, '1').id).toBe('look');
    expect(() => findTask(lab, 'lok')).toThrow('did you mean "look"?');
  });
});
