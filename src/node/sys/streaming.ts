// Starts programs whose standard streams the caller reads and writes while they run: exec, attach, port-forward.
// exec.ts runs programs to their end.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

export type StreamingProgram = ChildProcess;

export interface StreamingOptions {
  /** Default: a pipe for each of the three streams. */
  readonly stdio?: StdioOptions;
  /** Ends the program with SIGTERM. */
  readonly signal?: AbortSignal;
}

/**
 * Returns at once. An `error` event reports a failed start; the program then has no process id, and when the file
 * descriptors ran out it has no pipes either.
 */
export const spawnStreaming = (argv: readonly string[], options: StreamingOptions = {}): StreamingProgram => {
  const [command = '', ...args] = argv;
  const { stdio = ['pipe', 'pipe', 'pipe'], signal } = options;
  return spawn(command, args, { stdio, ...(signal ? { signal } : {}) });
};

/** As `spawnStreaming`, but waits until the program runs and has its pipes. @throws Error why it did not start */
export const startStreaming = async (
  argv: readonly string[],
  options: StreamingOptions = {},
): Promise<StreamingProgram> => {
  const program = spawnStreaming(argv, options);
  await once(program, 'spawn');
  return program;
};
