// Each lab that the package has gives nothing before the work, and all points for the solutions of its author.
// `npm run test:long` also tries wrong solutions, resets, restarts and the commands of the texts (`labs test`).
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Part } from '../../src/host/instructor/test/course.ts';
import { isLong } from '../support/runs.ts';
import { containersOf, labs, type Ran } from './cli-support.ts';
import { failuresIn, gradeUntil, isFull, ok, reportOf } from './graded-lab.ts';

const folder = fileURLToPath(new URL('../../labs', import.meta.url));
const entries = await readdir(folder, { withFileTypes: true });
const names = entries.filter((each) => each.isDirectory()).map((each) => each.name);
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
});
afterAll(() => rm(state, { recursive: true, force: true }));

test('the package has labs', () => {
  expect(names.length).toBeGreaterThan(3);
});

const nameOf = (lab: string): string => `e2e-${lab.slice(0, 20).replace(/-$/, '')}-${process.pid}`;

describe.each(names)('the lab %s', (lab) => {
  const name = nameOf(lab);
  const run = (...argv: string[]): Promise<Ran> => labs(argv, { env: { XDG_STATE_HOME: state } });
  afterAll(() => run('delete', name, '--yes'));

  test('gives nothing before the work, and all points for its solutions', async () => {
    await ok(run('start', lab, '--name', name, '--yes'));
    const grade = () => reportOf(run('--name', name, 'grade', '--json'));
    expect(await grade()).toMatchObject({ score: 0, broken: false });
    await ok(run('--name', name, 'solve', '--yes'));
    expect(failuresIn(await gradeUntil(grade, isFull))).toEqual({});
    await ok(run('delete', name, '--yes'));
    expect(await containersOf(name)).toEqual([]);
  });

  const testWhole = async (): Promise<void> => {
    const argv = ['test', join(folder, lab), '--name', name, '--json', '--seeds', '3'];
    const { stdout, stderr } = await run(...argv);
    expect(stdout, stderr).toMatch(/^\{/);
    const { passed, runs } = JSON.parse(stdout) as Result;
    expect(runs.flatMap(({ parts }) => parts.flatMap(({ findings }) => findings))).toEqual([]);
    expect(passed).toBe(true);
    for (const { strength } of runs) {
      expect(strength.all).toBeGreaterThan(0);
      expect(strength.killed).toBe(strength.all);
    }
  };
  if (isLong) test('has nothing that labs test finds', testWhole);
});

interface Result {
  readonly passed: boolean;
  readonly runs: readonly {
    readonly parts: readonly Part[];
    readonly strength: { readonly all: number; readonly killed: number };
  }[];
}
