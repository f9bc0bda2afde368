// Each lab that the package has gives nothing before the work, and all points for the solutions of its author. Of one,
// a sample of wrong solutions is tried. `npm run test:long` runs the whole of `labs test` on all, for three seeds.
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
/** `labs test` takes minutes for each lab, so `npm test` runs it for the lab in which it takes least. */
const sampled = ['name-resolution'];
/** A busy machine takes twice as long. */
const sampleTimeoutMs = 900_000;
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
});
afterAll(() => rm(state, { recursive: true, force: true }));

test('the package has labs', () => {
  expect(names).toEqual(expect.arrayContaining(sampled));
  expect(names.length).toBeGreaterThan(sampled.length);
});

const nameOf = (lab: string): string => `e2e-${lab.slice(0, 20).replace(/-$/, '')}-${process.pid}`;

describe.each(names)('the lab %s', (lab) => {
  const name = nameOf(lab);
  const run = (...argv: string[]): Promise<Ran> => labs(argv, { env: { XDG_STATE_HOME: state } });
  afterAll(() => run('delete', name, '--yes'));

  const testLab = async (...options: string[]): Promise<readonly Run[]> => {
    const { stdout, stderr } = await run('test', join(folder, lab), '--name', name, '--json', ...options);
    expect(stdout, stderr).toMatch(/^\{/);
    const { passed, runs } = JSON.parse(stdout) as Result;
    expect(runs.flatMap(({ parts }) => parts.flatMap(({ findings }) => findings))).toEqual([]);
    expect(passed).toBe(true);
    for (const { strength } of runs) {
      expect(strength.all).toBeGreaterThan(0);
      expect(strength.killed).toBe(strength.all);
    }
    expect(await containersOf(name)).toEqual([]);
    return runs;
  };

  const solveOnce = async (): Promise<void> => {
    await ok(run('start', lab, '--name', name, '--yes'));
    const grade = () => reportOf(run('--name', name, 'grade', '--json'));
    expect(await grade()).toMatchObject({ score: 0, broken: false });
    await ok(run('--name', name, 'solve', '--yes'));
    expect(failuresIn(await gradeUntil(grade, isFull))).toEqual({});
    await ok(run('delete', name, '--yes'));
    expect(await containersOf(name)).toEqual([]);
  };

  const sample = async (): Promise<void> => {
    // The same in each run: what is found can be found again.
    const [{ parts } = { parts: [] }] = await testLab('--sample', '1:catalogue', '--seed', '1', '--no-commands');
    const done = parts.map(({ id }) => id);
    expect(done).toEqual(expect.arrayContaining(['untouched', 'full', 'full again', 'delete']));
  };

  if (!isLong && sampled.includes(lab))
    test('passes `labs test` with a sample of wrong solutions', sample, sampleTimeoutMs);
  if (!isLong && !sampled.includes(lab))
    test('gives nothing before the work, and all points for its solutions', solveOnce);
  if (isLong) test('has nothing that labs test finds', () => testLab('--seeds', '3'));
});

interface Run {
  readonly parts: readonly Part[];
  readonly strength: { readonly all: number; readonly killed: number };
}

interface Result {
  readonly passed: boolean;
  readonly runs: readonly Run[];
}
