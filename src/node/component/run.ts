// Runs a component's main: names the process, turns signals into an AbortSignal, prints a fatal error.
import { messageOf } from '../../kit/error.ts';

/**
 * Runs a component until SIGTERM or SIGINT.
 * @param name the name of the original program. `ps` shows the name with the flags.
 * @param main resolves after a clean stop. Its rejection ends the process with exit code 1.
 */
export const runComponent = async (
  name: string,
  main: (argv: readonly string[], signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const argv = process.argv.slice(2);
  process.title = [name, ...argv].join(' ');
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    await main(argv, stop.signal);
    process.exit(0);
  } catch (error) {
    if (stop.signal.aborted) process.exit(0);
    process.stderr.write(
      `${name}: ${error instanceof Error && process.env.LABS_DEBUG ? error.stack : messageOf(error)}\n`,
    );
    process.exit(1);
  }
};
