// Connects a program in a container to the user's terminal or pipes: keys, output, window size, signals and exit code.
import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { ExitCode } from '../../kit/error.ts';
import type { Containers, ExecSession, ExecSpec } from '../docker/port.ts';
import { inMachine } from '../plan/boot.ts';
import type { Context } from './context.ts';
import { interruptedCode } from './failure.ts';
import type { Interrupt } from './interrupt.ts';

export interface RelayOptions {
  readonly docker: Containers;
  readonly container: string;
  readonly command: ExecSpec;
  /** Gives the program a terminal. Requires that labs itself runs on a terminal. */
  readonly terminal: boolean;
  /** The program reads no input, so what the user types meanwhile is for the shell. */
  readonly noInput?: true;
  /** Changes each line of the program's output. Only without a terminal. */
  readonly eachLine?: (line: string) => string;
  readonly interrupt: Interrupt;
}

/** The user's terminal type, and a UTF-8 locale. The program gets none of the user's other variables. */
export const programEnvironment = ({ environment, output }: Context): Readonly<Record<string, string>> => ({
  TERM: environment.terminalType ?? (output.interactive ? 'xterm' : 'dumb'),
  LANG: 'C.UTF-8',
});

/** Runs the program to its end. @returns its exit code */
export const relay = async (options: RelayOptions): Promise<number> => {
  // From here on, the program handles Ctrl-C.
  options.interrupt.release();
  return options.terminal ? relayTerminal(options) : relayPipes(options);
};

const relayTerminal = async ({ docker, container, command }: RelayOptions): Promise<number> => {
  const { stdin, stdout } = process;
  const session = await docker.open(container, {
    ...command,
    command: inMachine(command.command),
    terminal: sizeOf(stdout),
  });
  const resize = (): void => void session.resize(sizeOf(stdout)).catch(() => {});
  stdin.setRawMode(true);
  stdout.on('resize', resize);
  try {
    return await connect(session, {});
  } finally {
    stdin.setRawMode(false);
    stdout.off('resize', resize);
    stdin.unref?.();
  }
};

const relayPipes = async (options: RelayOptions): Promise<number> => {
  const { docker, container, command } = options;
  const mark = randomBytes(8).toString('hex');
  const session = await docker.open(container, {
    ...command,
    command: inMachine(command.command),
    environment: { ...command.environment, [markName]: mark },
  });
  const { promise: stopped, resolve: stop } = Promise.withResolvers<number>();
  const onSignal = (): void => {
    void interruptMarked(options, mark).finally(() => {
      session.close();
      stop(interruptedCode);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  const onOutputGone = (): void => {
    void interruptMarked(options, mark).finally(() => {
      session.close();
      stop(ExitCode.ok);
    });
  };
  const ended = connect(session, options, onOutputGone);
  // Once a signal has stopped the program, a broken connection is no error.
  ended.catch(() => {});
  try {
    return await Promise.race([ended, stopped]);
  } finally {
    process.stdin.unref?.();
  }
};

/** @param onOutputGone called when nobody reads the standard output any more */
const connect = async (
  session: ExecSession,
  { noInput, eachLine }: Pick<RelayOptions, 'noInput' | 'eachLine'>,
  onOutputGone = (): void => {},
): Promise<number> => {
  if (noInput) session.stdin.end();
  // The program may end before its input ends. That is no error.
  else pipeline(process.stdin, session.stdin).catch(() => {});
  const outputs = Promise.all([
    copy(eachLine ? changeLines(session.stdout, eachLine) : session.stdout, process.stdout, onOutputGone),
    copy(session.stderr, process.stderr),
  ]);
  const exitCode = await session.exitCode;
  await outputs;
  return exitCode;
};

const markName = 'LABS_RELAY';

/**
 * Interrupts the program and its children: they have the mark in their environment. Docker has no call to signal a
 * command, and a program that only waits (`kubectl port-forward`) does not notice a closed connection.
 */
const interruptMarked = async ({ docker, container }: RelayOptions, mark: string): Promise<void> => {
  const script = `for found in $(grep -l "${markName}=${mark}" /proc/[0-9]*/environ 2>/dev/null); do
    found=\${found#/proc/}; kill -INT "\${found%/environ}"; done`;
  await docker.exec(container, { command: inMachine(['sh', '-c', script]) }).catch(() => {});
};

const sizeOf = (stdout: NodeJS.WriteStream) => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });

/**
 * Copies to the end of the source and leaves the target open. A target that cannot be written any more (`| head`, a
 * full disk) is no error here: main.ts reports a full disk.
 */
const copy = async (
  source: AsyncIterable<Buffer | string>,
  target: NodeJS.WritableStream,
  onGone = (): void => {},
): Promise<void> => {
  let closed = false;
  const onError = (): void => {
    if (!closed) onGone();
    closed = true;
  };
  target.on('error', onError);
  try {
    for await (const chunk of source) if (!closed && !target.write(chunk)) await drained(target);
  } finally {
    target.off('error', onError);
  }
};

/** @param source UTF-8 */
export async function* changeLines(
  source: AsyncIterable<Buffer | string>,
  change: (line: string) => string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield `${change(line)}\n`;
  }
  if (rest !== '') yield `${change(rest)}\n`;
}

const drained = (target: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['drain', 'close', 'error']) target.once(event, () => resolve());
  });
