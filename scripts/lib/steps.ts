// Steps of a script: each announced, timed and counted; a failed one doesn't keep the others from running.
import { chalk } from 'zx';

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
}

/** Runs one step. What it throws is printed, not thrown on. */
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
