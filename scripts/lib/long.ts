// Finds the test files that `npm run test:long` runs: the tests whose number of cases depends on TEST_LONG.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tier, testsOf } from './tests.ts';
import { root } from './vitest.ts';

/** A test that uses these takes its number of cases, or its repetitions, from test/support/runs.ts. */
const usesRuns = /from '.*\/(runs|incremental-suite)\.ts'|modesOfChanges/;

/** Paths from the root of the repository. @throws Error when a tier has no such test */
export const longTests = (tier: Tier): string[] => {
  const found = testsOf(tier).filter((file) => usesRuns.test(readFileSync(join(root, file), 'utf8')));
  if (found.length === 0)
    throw new Error(`no test in test/${tier} takes its number of cases from test/support/runs.ts`);
  return found.sort();
};
