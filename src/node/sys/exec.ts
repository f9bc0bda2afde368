// Runs programs to their end: arguments as a list, output as text, never through a shell.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface RunOptions {
  /** Written to the program's standard input, which is empty otherwise. */
  readonly input?: string;
  /** Ends the program with SIGKILL. */
  readonly signal?: AbortSignal;
  /** The whole environment of the program. Default: this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** Gets standard output line by line, without line ends, instead of `stdout`: for output too long to keep. Must not throw. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + signal when a signal ended it, as shells count. */
  readonly code: number;
}

/** A program that couldn't be started, ran too long, or (from `runOk`) failed. */
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
 * Runs a program to its end. A failing exit code is a result, not an error.
 * @throws ExecError when it can't be started or exceeds `timeoutMs`; the signal's reason when aborted
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
  // It was not started, which the event will say. Out of file descriptors, there are no pipes to listen to.
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
  // A program that ends without reading its input is judged by its exit code, not by EPIPE.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return promise;
};

/** As `run`, and a failing exit code throws with what the program said on standard error. */
export const runOk = async (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
  const result = await run(argv, options);
  if (result.code !== 0) {
    throw new ExecError(argv, result.stderr.trim() || result.stdout.trim() || `exit code ${result.code}`, result);
  }
  return result;
};

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
