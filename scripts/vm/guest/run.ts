// Runs test files in the virtual machine, one after the other in one process.
import { relative } from 'node:path';
import { type File, startTests, type VitestRunner, type VitestRunnerConfig } from '@vitest/runner';
import '../../../test/support/fast-check.ts';
import { longFactor } from '../../../test/support/runs.ts';
import { Report, type ReportFiles } from './report.ts';

/** Of a test and of a hook. Generous, because the machine is slow: a timeout only ends a test that hangs. */
const timeoutMs = 900_000;

/** Path in the checkout → loads this file of tests. */
export type TestFiles = Readonly<Record<string, () => Promise<unknown>>>;

export const runTests = async (files: TestFiles, paths: ReportFiles): Promise<void> => {
  if (process.env.TEST_VM !== '1')
    throw new Error('These tests delete all firewall rules of their machine: run `node scripts/node.mjs vm-test.ts`.');
  const root = process.cwd();
  const report = new Report(paths);
  process.on('unhandledRejection', (reason) => report.failOutsideTests(reason));
  const runner: VitestRunner = {
    config: configFor(root),
    importFile: (path) => files[relative(root, path)]?.(),
    onAfterRunTask: (test) => report.print(test),
  };
  const done: File[] = [];
  for (const path of Object.keys(files)) {
    for (const file of await startTests([`${root}/${path}`], runner)) {
      report.printErrorsOf(file);
      done.push(file);
    }
  }
  // Programs that tests left running would keep this process alive.
  process.exit(report.write(done) ? 0 : 1);
};

const configFor = (root: string): VitestRunnerConfig => ({
  root,
  name: undefined,
  setupFiles: [],
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
  chaiConfig: undefined,
  maxConcurrency: 5,
  testTimeout: timeoutMs * longFactor,
  hookTimeout: timeoutMs,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: true,
});
