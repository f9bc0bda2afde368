// Runs a program and waits for its end: arguments as a list, output as text, never through a shell.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface RunOptions {
  /** The program's standard input. Default: empty. */
  readonly input?: string;
  /** Ends the program with SIGKILL. */
  readonly signal?: AbortSignal;
  /** The whole environment of the program. Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /**
   * Called for each line of standard output, without its line end. `stdout` of the result is then empty. Must not
   * throw.
   */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + the signal's number if a signal ended the program, as in shells. */
  readonly code: number;
}

/** The program could not be started, ran too long, or (only from `runOk`) failed. */
export class ExecError extends Error {
  override readonly name = 'ExecError';
  readonly argv: readonly string[];
  readonly result: RunResult | undefined;

  constructor(argv: readonly string[], message: string, result?: RunResult, cause?: unknown) {
    super(`${argv.slice(0, 4).join(' ')}: ${message}`, cause === undefined ? undefined : { cause });
    this.argv = argv;
    this.result = result;
  }
}

/**
 * Runs a program and waits for its end. An exit code other than 0 is a result, not an error.
 * @throws ExecError when the program cannot be started or exceeds `timeoutMs`; the signal's reason when aborted
 */
export const run = (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
  options.signal?.throwIfAborted();
  const [command = '', ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.env ? { env: options.env } : {}),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let timedOut = false;
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, options.timeoutMs);
  options.signal?.addEventListener('abort', kill, { once: true });
  const settle = (): void => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
  };
  child.on('error', (cause) => {
    settle();
    reject(new ExecError(argv, cause.message, undefined, cause));
  });
  // The `error` event reports a failed start. If the file descriptors ran out, there are no pipes.
  if (child.pid === undefined) return promise;
  if (options.onLine) createInterface({ input: child.stdout }).on('line', options.onLine);
  else child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.on('close', (code, signal) => {
    settle();
    const result = {
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
      code: code ?? 128 + (signalNumbers[signal ?? ''] ?? 9),
    };
    if (options.signal?.aborted) reject(options.signal.reason);
    else if (timedOut) reject(new ExecError(argv, `still running after ${options.timeoutMs} ms`, result));
    else resolve(result);
  });
  // If a program ends without reading its input, its exit code counts, not EPIPE.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return promise;
};

/** Like `run`, but throws ExecError with the program's standard error if the exit code is not 0. */
export const runOk = async (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
  const result = await run(argv, options);
  if (result.code !== 0) {
    throw new ExecError(argv, result.stderr.trim() || result.stdout.trim() || `exit code ${result.code}`, result);
  }
  return result;
};

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
