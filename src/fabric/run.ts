// Runs the fabric's own tools inside a network namespace, with limits on time and output. The only file that spawns.
import { spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { messageOf } from '../kit/error.ts';
import { createLimit } from '../kit/limit.ts';

/** Where a tool runs. Only the network namespace changes; program, libraries and files are those of the fabric. */
export interface Netns {
  /** A path that names the namespace, e.g. `/proc/4711/ns/net`. */
  readonly path: string;
  /** The namespace that the path led to, `net:[4026532450]`. By now, the number may be that of another process. */
  readonly id?: string;
  /** An open namespace file. Replaces the path when a student controls the folder of the path. */
  readonly fd?: number;
}

export interface RunOptions {
  /** Undefined: the fabric's own namespace. */
  readonly netns?: Netns | undefined;
  readonly timeoutMs: number;
  readonly input?: string;
  /** An open file that the program has as descriptor 3. */
  readonly file?: number;
  /** Output beyond this is cut off. Default 16 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with the output so far; true ends the program. */
  readonly until?: (stdout: string, stderr: string) => boolean;
  /** Leaves standard input open until the program ends. */
  readonly holdInput?: boolean;
  /** Called when the program has started. */
  readonly onStart?: (send: (signal: NodeJS.Signals) => void) => void;
  /** Runs beside other tools until it is ended, so it must not take one of their places. */
  readonly isCompanion?: boolean;
}

export interface RunResult {
  /** Undefined when the program was killed: too slow, too much output, or `until` was satisfied. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly milliseconds: number;
}

/** A failure with a code. Both are sent to the host. */
export class AgentError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'AgentError';
    this.code = code;
  }
}

// The tools get nothing of the agent's environment: no proxy, no curlrc, no locale.
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/nonexistent' };
const sixteenMiB = 16 * 1024 * 1024;

/** Each tool has three pipes, and its output in memory. */
const mostTools = 64;
const limit = createLimit(mostTools);

/** Runs a program to its end. Rejects only when the program can't be started. */
export const run = (command: readonly string[], options: RunOptions): Promise<RunResult> =>
  options.isCompanion ? runNow(command, options) : limit(() => runNow(command, options));

const runNow = (command: readonly string[], options: RunOptions): Promise<RunResult> => {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const started = performance.now();
  const { netns } = options;
  const [program = '', ...args] = netns ? [...enter, ...command] : command;
  using opened = netns && netns.fd === undefined ? openNetns(netns) : undefined;
  const child = spawn(program, args, {
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe', options.file ?? 'ignore', netns?.fd ?? opened?.fd ?? 'ignore'],
    signal: AbortSignal.any([AbortSignal.timeout(options.timeoutMs), ...(options.signal ? [options.signal] : [])]),
    killSignal: 'SIGKILL',
  });
  options.onStart?.((wanted) => void child.kill(wanted));
  const output = { stdout: '', stderr: '' };
  let bytes = 0;
  const collect = (stream: 'stdout' | 'stderr') => (chunk: string) => {
    bytes += chunk.length;
    output[stream] += chunk;
    if (bytes > (options.maxBytes ?? sixteenMiB) || options.until?.(output.stdout, output.stderr))
      child.kill('SIGKILL');
  };
  child.stdout?.setEncoding('utf8').on('data', collect('stdout'));
  child.stderr?.setEncoding('utf8').on('data', collect('stderr'));
  child.stdin?.on('error', () => {});
  if (options.input !== undefined) child.stdin?.write(options.input);
  if (!options.holdInput) child.stdin?.end();
  let timedOut = false;
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (error.name === 'AbortError') timedOut = true;
    else reject(new AgentError('FABRIC_TOOL', `${program} can't be run: ${error.message}`));
  });
  child.on('close', (code) =>
    resolve({ ...output, code: code ?? undefined, timedOut, milliseconds: performance.now() - started }),
  );
  return promise;
};

const enter = ['nsenter', '--net=/proc/self/fd/4', '--'] as const;

/** Undefined: the agent may not see it, so it cannot get there by a number either. */
const enginesNetns = (): string | undefined => {
  try {
    return readlinkSync('/proc/1/ns/net');
  } catch {
    return undefined;
  }
};

/**
 * Holds a namespace while a program is started in it. The process of the path may have ended, and another process may
 * have its number: so what was opened must be the namespace that was meant, and never the engine's own.
 * @throws AgentError `FABRIC_NO_MACHINE`
 */
const openNetns = ({ path, id }: Netns): { readonly fd: number } & Disposable => {
  const gone = (cause: unknown) =>
    new AgentError('FABRIC_NO_MACHINE', `${path} is no network namespace of a machine any more: ${messageOf(cause)}`);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw gone(error);
  }
  const close = (): void => closeSync(fd);
  const own = `net:[${fstatSync(fd).ino}]`;
  if (own === enginesNetns() || (id !== undefined && id !== own)) {
    close();
    throw gone('another process has its number');
  }
  return { fd, [Symbol.dispose]: close };
};

/** A program that runs until it is disposed of. */
export interface RunningTool extends Disposable {
  write(text: string): void;
}

export interface ToolEvents {
  onLine(line: string): void;
  /** Also when the program can't be started, but not after `dispose`. */
  onEnd(): void;
}

/** Starts a program that reads commands and prints events, line by line. */
export const startTool = ([program = '', ...args]: readonly string[], { onLine, onEnd }: ToolEvents): RunningTool => {
  const child = spawn(program, args, { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', onLine);
  // A child that can't be started has no `close`.
  child.once('error', onEnd);
  child.once('close', onEnd);
  return {
    write: (text) => void child.stdin.write(text),
    [Symbol.dispose]() {
      child.off('close', onEnd);
      child.stdin.end();
      child.kill('SIGKILL');
    },
  };
};

/** Runs a program that must succeed. @returns its standard output */
export const runOk = async (command: readonly string[], options: RunOptions): Promise<string> => {
  const { code, stdout, stderr, timedOut } = await run(command, options);
  if (code === 0) return stdout;
  const what = command.slice(0, 3).join(' ');
  if (timedOut) throw new AgentError('FABRIC_TIMEOUT', `\`${what}\` took more than ${options.timeoutMs} ms`);
  throw new AgentError('FABRIC_TOOL', `\`${what}\` failed: ${stderr.trim().slice(-500) || `exit code ${code}`}`);
};
