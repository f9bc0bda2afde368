import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grade, labOf } from '../world.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-script-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const gradeScript = async (body: string) => {
  const file = join(folder, `${crypto.randomUUID()}.mjs`);
  await writeFile(file, `export const check = async (lab) => { ${body} };\n`);
  const lab = labOf([{ type: 'script', file: 'check.ts' }]);
  const tasks = lab.tasks.map((task) => ({ ...task, checks: task.checks.map((check) => ({ ...check, file })) }));
  return (await grade({ ...lab, tasks }, {})).tasks[0]?.checks[0];
};

test('a script check takes the verdict of the script', async () => {
  expect(await gradeScript("return { pass: true, observed: 'all is well' };")).toMatchObject({
    outcome: 'pass',
    observed: 'all is well',
  });
  expect(await gradeScript("return { pass: false, expected: 'a', observed: 'b', hint: 'c' };")).toMatchObject({
    outcome: 'fail',
    expected: 'a',
    observed: 'b',
    hint: 'c',
  });
});

test('a script check may give a part of its points, but not more than it has', async () => {
  const verdict = (points: number): string =>
    `return { pass: false, expected: 'a', observed: 'b', points: ${points} };`;
  expect(await gradeScript(verdict(0.5))).toMatchObject({ outcome: 'fail', points: 0.5, maxPoints: 1 });
  expect(await gradeScript(verdict(0))).toMatchObject({ outcome: 'fail', points: 0 });
  expect(await gradeScript(verdict(2))).toMatchObject({
    outcome: 'broken',
    observed: expect.stringContaining('the script gives 2 points, and the check has 1'),
  });
  expect(await gradeScript(verdict(-1))).toMatchObject({ outcome: 'broken' });
});

test('a script check is broken when the script throws', async () => {
  expect(await gradeScript("throw new Error('typo');")).toMatchObject({
    outcome: 'broken',
    observed: expect.stringMatching(/\.mjs:1:\d+ failed: typo$/),
  });
});

test.each([
  ['true', 'Invalid input'],
  ['', 'Invalid input'],
  ["{ pass: 'no' }", 'pass: Invalid'],
  ['{ pass: true }', 'observed: '],
  ["{ pass: false, observed: 'b' }", 'expected: '],
  ["{ pass: true, observed: 'b', points: 3 }", 'Unrecognized key: "points"'],
])('a script check is broken, with the line, when the script resolves with %s', async (value, problem) => {
  const check = await gradeScript(`return ${value};`);
  expect(check).toMatchObject({ outcome: 'broken' });
  expect(check?.observed).toMatch(
    /^The lab's script \S+\.mjs:1: `check\(\)` must resolve with \{ pass: true, observed \} or /,
  );
  expect(check?.observed).toContain(problem);
});
