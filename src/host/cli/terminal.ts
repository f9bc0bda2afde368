// A program in a machine, talking to the user's own terminal: raw keys in, bytes out, size changes, the program's exit code.
import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Containers, ExecSession, ExecSpec } from '../docker/port.ts';
import { interrupted } from './failure.ts';
import type { Interrupt } from './interrupt.ts';

export interface RelayOptions {
  readonly docker: Containers;
  readonly container: string;
  readonly command: ExecSpec;
  /** Only where both ends of ours are one; `false` for programs that are never interactive. */
  readonly terminal: boolean;
  readonly interrupt: Interrupt;
}

/** Runs the program to its end; resolves with its exit code. */
export const relay = async (options: RelayOptions): Promise<number> => {
  // From here on, Ctrl-C is the program's.
  options.interrupt.release();
  return options.terminal ? relayTerminal(options) : relayPipes(options);
};

const relayTerminal = async ({ docker, container, command }: RelayOptions): Promise<number> => {
  const { stdin, stdout } = process;
  const session = await docker.open(container, { ...command, terminal: sizeOf(stdout) });
  const resize = (): void => void session.resize(sizeOf(stdout)).catch(() => {});
  stdin.setRawMode(true);
  stdout.on('resize', resize);
  try {
    return await connect(session);
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
    environment: { ...command.environment, [markName]: mark },
  });
  const { promise: stopped, resolve: stop } = Promise.withResolvers<number>();
  const onSignal = (): void => {
    void endMarked(options, mark).finally(() => {
      session.close();
      stop(interrupted);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  const ended = connect(session);
  // Once it is stopped, a broken connection is what was asked for.
  ended.catch(() => {});
  try {
    return await Promise.race([ended, stopped]);
  } finally {
    process.stdin.unref?.();
  }
};

const connect = async (session: ExecSession): Promise<number> => {
  // The program may end before its input does: that is no failure of ours.
  pipeline(process.stdin, session.stdin).catch(() => {});
  const outputs = Promise.all([copy(session.stdout, process.stdout), copy(session.stderr, process.stderr)]);
  const exitCode = await session.exitCode;
  await outputs;
  return exitCode;
};

const markName = 'LABS_RELAY';

/**
 * Interrupts the program and what it started. Docker can't signal a command that it runs, and one that waits without
 * writing (`kubectl port-forward`, `journalctl -f`) would not notice that nobody reads any more.
 */
const endMarked = async ({ docker, container }: RelayOptions, mark: string): Promise<void> => {
  const script = `for found in $(grep -l "${markName}=${mark}" /proc/[0-9]*/environ 2>/dev/null); do
    found=\${found#/proc/}; kill -INT "\${found%/environ}"; done`;
  await docker.exec(container, { command: ['sh', '-c', script] }).catch(() => {});
};

const sizeOf = (stdout: NodeJS.WriteStream) => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });

/** Ends with the source; leaves the target open. A reader that went away (`| head`) ends the copy in silence. */
const copy = async (source: NodeJS.ReadableStream, target: NodeJS.WritableStream): Promise<void> => {
  let gone = false;
  const onError = (error: NodeJS.ErrnoException): void => {
    gone = true;
    if (error.code !== 'EPIPE') throw error;
  };
  target.on('error', onError);
  try {
    for await (const chunk of source) if (!gone && !target.write(chunk)) await drained(target);
  } finally {
    target.off('error', onError);
  }
};

const drained = (target: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => {
    target.once('drain', resolve);
    target.once('close', resolve);
  });
