// The tiers of tests, as vitest's projects. test/README.md says what each tier needs and how long it takes. The tests
// in test/vm have their own runner, scripts/vm/guest/run.ts, because vitest starts too slowly in a virtual machine.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { fuzzMinutes, longFactor } from './test/support/runs.ts';

interface Tier {
  readonly name: string;
  /** Of a test and of a hook. Generous, because a busy machine is slow: a timeout only ends a test that hangs. */
  readonly timeoutMs: number;
  /** Test files that run side by side. */
  readonly workers: number;
  readonly setup?: string;
  /** Its tests try random values. */
  readonly random?: boolean;
  /** Test files share a process and its modules. */
  readonly shared?: 'threads' | 'forks';
}

const project = ({ name, timeoutMs, workers, setup, random, shared }: Tier) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs * longFactor + fuzzMinutes * 60_000,
    hookTimeout: timeoutMs,
    maxWorkers: workers,
    globalSetup: setup ? [setup] : [],
    // Messages contain the whole values, because the summary of a run shows nothing else.
    chaiConfig: { truncateThreshold: 2000 },
    setupFiles: random ? ['test/support/fast-check.ts'] : [],
    ...(shared ? { pool: shared, isolate: false } : {}),
  },
});

export default defineConfig({
  test: {
    passWithNoTests: false,
    retry: 0,
    projects: [
      // One worker more than there are processors, because some tests wait. Threads that keep their modules need half of
      // the processor time.
      project({
        name: 'unit',
        timeoutMs: 60_000,
        workers: availableParallelism() + 1,
        random: true,
        shared: 'threads',
      }),
      // One process for all files, because loading the modules again for each file takes a second.
      project({
        name: 'contract',
        timeoutMs: 120_000,
        workers: 1,
        setup: 'test/contract/setup.ts',
        random: true,
        shared: 'forks',
      }),
      project({ name: 'e2e', timeoutMs: 300_000, workers: 1 }),
    ],
  },
});
