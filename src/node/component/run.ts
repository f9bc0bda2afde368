// How every component starts: names its process, turns signals into an AbortSignal, reports what killed it.
import { messageOf } from '../../kit/error.ts';

/**
 * Runs a component until SIGTERM or SIGINT.
 * @param name the original's program name; `ps` shows it with the flags, as students expect
 * @param main resolves after a clean stop
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
