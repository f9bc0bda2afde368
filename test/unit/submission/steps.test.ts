import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabDefinition } from '../../../src/api/lab.ts';
import { parseAnswers } from '../../../src/host/submission/answers.ts';
import { most, readSubmission } from '../../../src/host/submission/files.ts';
import { stepsOf } from '../../../src/host/submission/steps.ts';
import { submissionWords } from '../../../src/host/submission/words.ts';
import { labOf } from '../grade/world.ts';

const say = submissionWords.en;
const choices = [
  { id: 'kubelet', text: { en: 'The kubelet.', ko: 'kubelet이다.' } },
  { id: 'nobody', text: { en: 'Nobody', ko: '아무도' } },
];
const base = labOf([
  { id: 'free', type: 'answer', question: 'Where?', equals: 'here' },
  { id: 'choice', type: 'answer', question: 'Who?', choices, equals: 'kubelet' },
]);
const lab: LabDefinition = {
  ...base,
  tasks: [
    ...base.tasks,
    ...['mend', 'last'].map((id) => ({ ...base.tasks[0]!, id, ...(id === 'mend' ? { setup: '/x.ts' } : {}) })),
  ],
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-submission-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
};
const steps = async (files: Readonly<Record<string, string>>) => {
  await write(files);
  return stepsOf(await readSubmission(folder), lab, say);
};
const shown = (all: Awaited<ReturnType<typeof steps>>): readonly string[] =>
  all.map((step) => `${step.kind} ${step.title}${step.kind === 'wrong' ? `: ${step.problem}` : ''}`);

describe('the steps of a submission', () => {
  test('are in the order of paths, those of a task’s folder last, behind its beginning', async () => {
    const all = await steps({
      '1-mend/fix.yaml': '',
      'mend/node01/a.sh': '',
      'node02/z.sh': 'x\r\n',
      '20.yaml': '',
      '10.yml': '',
      'last/more.json': '',
      'read.me': '',
      'report.pdf': '',
      '.git/config.yaml': '',
      'answers.yaml': '',
    });
    expect(shown(all)).toEqual([
      ...['apply 10.yml', 'apply 20.yaml', 'run node02/z.sh (node02)'],
      ...['begin begin mend', 'apply 1-mend/fix.yaml', 'run mend/node01/a.sh (node01)', 'apply last/more.json'],
    ]);
    expect(all[2]).toMatchObject({ text: 'x\n' });
  });

  test('name the machine of a script in its first lines, or by its folder', async () => {
    const all = await steps({
      'a.sh': '#!/bin/bash\n# on: client\n',
      'b.sh': 'echo\n',
      'c.sh': '# on: mars\n',
      'node01/d.sh': '# on: node02\n',
    });
    expect(shown(all)).toEqual([
      'run a.sh (client)',
      expect.stringMatching(/^wrong b\.sh: no machine is named.*controlplane, node01/),
      expect.stringMatching(/^wrong c\.sh: there is no machine "mars"/),
      'run node01/d.sh (node01)',
    ]);
  });

  test('may be declared, and what is wrong in the declaration is a step that fails', async () => {
    const declared =
      'steps: [{ begin: mend }, { run: b.sh, on: node01 }, { apply: ./a.yaml }, { apply: ../x }, { begin: 9 }]';
    const all = await steps({
      'submission.yaml': declared.replace('9', '"9"'),
      'a.yaml': '',
      'b.sh': '',
      'c.yaml': '',
    });
    expect(shown(all)).toEqual([
      ...['begin begin mend', 'run b.sh (node01)', 'apply a.yaml'],
      ...['wrong ../x: there is no file "../x"', 'wrong begin 9: the lab has no task "9"'],
    ]);
    for (const text of ['steps: 5', '- a', 'steps: [{ apply: 1 }]', 'steps: [{ apply: a, run: b }]', ''])
      expect(shown(await steps({ 'submission.yaml': text }))).toEqual([
        expect.stringMatching(/^wrong submission\.yaml: this is not the YAML/),
      ]);
  });

  test('of a file that is no YAML are one short sentence with the line', async () => {
    expect(shown(await steps({ 'submission.yaml': 'steps:\n  - apply: "a\n' }))).toEqual([
      expect.stringMatching(/^wrong submission\.yaml: line \d is no valid YAML: [^\n]{1,100}$/),
    ]);
  });

  test('of an empty folder are one that fails', async () => {
    expect(shown(await steps({ 'read.me': '' }))).toEqual([`wrong .: ${say.empty}`]);
  });

  test('follow no link, and read no large file', async () => {
    await symlink('/etc/passwd', join(folder, 'passwd.yaml'));
    await symlink('/etc', join(folder, 'etc'));
    const all = await steps({ 'large.yaml': 'x'.repeat(most.bytes + 1) });
    expect(shown(all)).toEqual([`wrong large.yaml: ${say.refused.large}`, `wrong passwd.yaml: ${say.refused.link}`]);
  });
});

test('the digest of a submission depends on its names and texts, and on nothing else', async () => {
  await write({ 'a.yaml': 'a', 'b.sh': 'b' });
  const { digest } = await readSubmission(folder);
  await write({ 'report.pdf': '' });
  expect((await readSubmission(folder)).digest).toBe(digest);
  await write({ 'b.sh': 'c' });
  expect((await readSubmission(folder)).digest).not.toBe(digest);
});

test('a folder that is missing is an error of the teacher', async () => {
  await expect(readSubmission(join(folder, 'none'))).rejects.toMatchObject({ code: 'LAB_SUBMISSION_UNREADABLE' });
});

test('files beyond the limit are one step, whatever is wrong with them', async () => {
  const links = Array.from({ length: most.files + 50 }, (_, index) => `${String(index).padStart(4, '0')}.yaml`);
  for (const name of links) await symlink('/etc/hostname', join(folder, name));
  const { files, refused } = await readSubmission(folder);
  expect(files).toEqual([]);
  expect(refused).toHaveLength(most.files + 1);
  expect(refused.at(-1)).toEqual({ path: '0500.yaml', why: 'many' });
});

describe('YAML that would keep the parser busy for hours', () => {
  const keys = Array.from({ length: 209_000 }, (_, index) => `k${index}`);
  const many = `{ ${keys.join(', ')} }`;
  const aliases = `[&a 1, ${'*a, '.repeat(5000)}1]`;

  test('is refused as answers', () => {
    const problemsOf = (text: string) => parseAnswers(text, lab, say).problems;
    expect(problemsOf(many)).toEqual([say.refusedYaml.large('')]);
    expect(problemsOf(aliases)).toEqual([say.refusedYaml.aliases('')]);
    const distinct = keys.slice(0, 8000).join(', ');
    expect(problemsOf(`{ ${distinct} }`)).toHaveLength(21);
    expect(problemsOf(`{ ${distinct}, k77 }`)).toEqual([say.refusedYaml.twice('k77')]);
  });

  test('is refused as an order', async () => {
    expect(shown(await steps({ 'submission.yaml': many.slice(0, 100_000) }))).toEqual([
      `wrong submission.yaml: ${say.refusedYaml.large('')}`,
    ]);
    expect(shown(await steps({ 'submission.yaml': `steps: [${'{begin: x},'.repeat(2000)}]` }))).toHaveLength(1);
  });
});

describe('answers.yaml', () => {
  test('has answers by task and question, choices by number, id or text, and commands', () => {
    const text = `
task: { free: 42, choice: 아무도 }
last/choice: 1
3: { 2: the KUBELET, 1: { on: node01, run: hostname } }
`;
    expect(parseAnswers(text, lab, say)).toEqual({
      problems: [],
      // A key that is a number comes first in JavaScript.
      answers: [
        { id: 'last/free', value: { on: 'node01', run: 'hostname' } },
        { id: 'last/choice', value: 'kubelet' },
        { id: 'task/free', value: '42' },
        { id: 'task/choice', value: 'nobody' },
        { id: 'last/choice', value: 'kubelet' },
      ],
    });
  });

  test.each([
    ['nix: { nix: 1 }', 'the lab has no question "nix/nix"'],
    ['task: { choice: maybe }', '"maybe" is none of the choices: kubelet, nobody'],
    ['task: { free: [1] }', 'the answer to "task/free" is no text'],
    ['task: { free: }', 'the answer to "task/free" is no text'],
    ['task', 'this is not the YAML that is expected: TASK: { QUESTION: ANSWER }'],
    ['task: {\n  free: [here\n', expect.stringMatching(/^line \d is no valid YAML: [^\n]{1,100}$/)],
    ['task: *nowhere', expect.stringMatching(/^this is not the YAML[^\n]{1,200}$/)],
  ])('%s is a problem, not a crash', (text, problem) => {
    expect(parseAnswers(text, lab, say)).toEqual({ answers: [], problems: [problem] });
  });
});
