// Checks with dependency-cruiser which folder imports which.
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Cruise {
  readonly modules: number;
  /** `src/a.ts → src/b.ts (rule)` */
  readonly violations: readonly string[];
}

interface CruiseOutput {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/**
 * Checks `src/` in `folder` against the rules in .dependency-cruiser.mjs.
 * @throws Error when it read no module, because no violation then proves nothing
 */
export const cruise = async (folder: string): Promise<Cruise> => {
  const depcruise = `${root}node_modules/dependency-cruiser/bin/dependency-cruise.mjs`;
  const config = `${root}.dependency-cruiser.mjs`;
  const run = await $({
    cwd: folder,
    quiet: true,
  })`${process.execPath} ${depcruise} --config ${config} --output-type json src`;
  const { summary } = JSON.parse(run.stdout) as CruiseOutput;
  const modules = summary.totalCruised;
  if (modules === 0) throw new Error(`dependency-cruiser read no module in ${folder}/src`);
  return { modules, violations: summary.violations.map(({ from, to, rule }) => `${from} → ${to} (${rule.name})`) };
};
