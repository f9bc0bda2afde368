// Runs the steps of a script: announces and times each. After a failed step the others still run.
import { chalk } from 'zx';

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
}

/** Runs one step. Prints its error instead of throwing it. */
export const step = async (name: string, work: () => Promise<unknown>): Promise<StepResult> => {
  console.log(chalk.bold(`\n▸ ${name}`));
  const startedAt = performance.now();
  const took = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  try {
    await work();
    console.log(chalk.green(`✓ ${name} (${took()})`));
    return { name, ok: true };
  } catch (error) {
    console.log(chalk.red(`✗ ${name} (${took()}): ${error instanceof Error ? error.message.trim() : error}`));
    return { name, ok: false };
  }
};
