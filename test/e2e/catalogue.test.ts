// Each lab that the package has passes `labs test`: nothing passes before the work, the solutions of its author give
// all points, and wrong solutions lose some. This tries a sample. `npm run test:long` tries all, for three seeds, and
// the commands of the texts.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Part } from '../../src/host/instructor/test/course.ts';
import { isLong } from '../support/runs.ts';
import { containersOf, labs, type Ran } from './cli-support.ts';

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

  // The same sample in each run: what is found can be found again.
  if (!isLong)
    test('gives nothing before the work, all points for its solutions, and none for a sample of wrong ones', async () => {
      const [{ parts } = { parts: [] }] = await testLab('--sample', '1:catalogue', '--no-commands');
      const done = parts.map(({ id }) => id);
      expect(done).toEqual(expect.arrayContaining(['untouched', 'full', 'full again', 'delete']));
    });
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
