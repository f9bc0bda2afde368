// Finds the test files that `npm run test:long` runs: the tests whose number of cases depends on TEST_LONG.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractTestsInMachine } from '../../vitest.config.ts';
import { root } from './vitest.ts';

/** A test that uses these takes its number of cases, or its repetitions, from test/support/runs.ts. */
const usesRuns = /from '.*\/(runs|incremental-suite)\.ts'|modesOfChanges/;

/** Paths from the root of the repository. @throws Error when a tier has no such test */
export const longTests = (project: 'unit' | 'contract' | 'vm' | 'e2e'): string[] => {
  const folder = `test/${project}`;
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const own = names.filter((name) => name.endsWith('.test.ts')).map((name) => `${folder}/${name}`);
  const files = project === 'vm' ? [...own, ...contractTestsInMachine] : own;
  const found = files.filter((file) => usesRuns.test(readFileSync(join(root, file), 'utf8')));
  if (found.length === 0) throw new Error(`no test in ${folder} takes its number of cases from test/support/runs.ts`);
  return found.sort();
};
