// The tiers of tests, as vitest's projects. test/README.md says what each tier needs and how long it takes.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const project = (
  name: string,
  options: { timeout: number; workers: number; isolate?: boolean; setup?: string; also?: readonly string[] },
) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`, ...(options.also ?? [])],
    testTimeout: options.timeout,
    hookTimeout: options.timeout,
    maxWorkers: options.workers,
    // A worker that runs many files imports the sources once. The unit tests share no state, so they need no process each.
    ...(options.isolate === false ? { isolate: false, pool: 'threads' as const } : {}),
    globalSetup: options.setup ? [options.setup] : [],
  },
});

/** Contract tests that run in the virtual machine, too: for ipvs mode. A test checks that these files exist. */
export const contractTestsInMachine = ['packets', 'packets-change', 'packets-churn', 'kills', 'switches'].map(
  (name) => `test/contract/proxy/${name}.test.ts`,
);

export default defineConfig({
  test: {
    passWithNoTests: false,
    retry: 0,
    projects: [
      // One worker more than processors: some tests wait.
      project('unit', { timeout: 60_000, workers: availableParallelism() + 1, isolate: false }),
      project('contract', { timeout: 120_000, workers: 2, setup: 'test/contract/setup.ts' }),
      project('vm', { timeout: 180_000, workers: 1, setup: 'test/vm/setup.ts', also: contractTestsInMachine }),
      project('e2e', { timeout: 300_000, workers: 1 }),
    ],
  },
});
