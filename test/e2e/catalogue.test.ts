// Each lab that the package has can be solved, and a sample of wrong solutions loses points. `npm run test:long` tries
// everything.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Part } from '../../src/host/instructor/test/course.ts';
import { isLong } from '../support/runs.ts';
import { containersOf, labs } from './cli-support.ts';

const folder = fileURLToPath(new URL('../../labs', import.meta.url));
const names = (await readdir(folder, { withFileTypes: true })).filter((each) => each.isDirectory());
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
});
afterAll(() => rm(state, { recursive: true, force: true }));

test('the package has labs', () => {
  expect(names.length).toBeGreaterThan(3);
});

interface Result {
  readonly passed: boolean;
  readonly runs: readonly {
    readonly parts: readonly Part[];
    readonly strength: { readonly all: number; readonly killed: number };
  }[];
}

test.each(names.map(({ name }) => name))('labs test finds nothing in %s', async (lab) => {
  const name = `e2e-${lab.slice(0, 20)}-${process.pid}`;
  // A fixed seed, so that a change is judged by what it changed.
  const extent = isLong ? ['--seeds', '3'] : ['--sample', '1:1'];
  const { stdout, stderr } = await labs(['test', join(folder, lab), '--name', name, '--json', ...extent], {
    env: { XDG_STATE_HOME: state },
  });
  expect(stdout, stderr).toMatch(/^\{/);
  const { passed, runs } = JSON.parse(stdout) as Result;
  expect(runs.flatMap(({ parts }) => parts.flatMap(({ findings }) => findings))).toEqual([]);
  expect(passed).toBe(true);
  for (const { strength } of runs) {
    expect(strength.all).toBeGreaterThan(0);
    expect(strength.killed).toBe(strength.all);
  }
  expect(await containersOf(name)).toEqual([]);
});
