// Which files of tests a tier has.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './vitest.ts';

export type Tier = 'unit' | 'contract' | 'vm' | 'e2e';

/** These also run in the virtual machine, in ipvs mode. A test in test/unit/repo checks that the files exist. */
export const contractTestsInMachine = ['packets', 'packets-change', 'packets-churn', 'kills', 'switches'].map(
  (name) => `test/contract/proxy/${name}.test.ts`,
);

/** Paths from the root of the repository. */
export const testsOf = (tier: Tier): string[] => {
  const folder = `test/${tier}`;
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort();
  const own = names.filter((name) => name.endsWith('.test.ts')).map((name) => `${folder}/${name}`);
  return tier === 'vm' ? [...own, ...contractTestsInMachine] : own;
};
