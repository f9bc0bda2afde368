// Runs one step of a script: prints its name, its result and its time. A failed step does not stop the script.
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
