// A program in a machine, talking to the user's own terminal: raw keys in, bytes out, size changes, the program's exit code.
import { pipeline } from 'node:stream/promises';
import type { Containers, ExecSpec } from '../docker/port.ts';
import type { Interrupt } from './interrupt.ts';

export interface RelayOptions {
  readonly docker: Containers;
  readonly container: string;
  readonly command: ExecSpec;
  /** With a terminal only where both ends of ours are one; `false` for programs that are never interactive. */
  readonly terminal: boolean;
  readonly interrupt: Interrupt;
  readonly signal: AbortSignal;
}

/** Runs the program to its end; resolves with its exit code. */
export const relay = async (options: RelayOptions): Promise<number> => {
  const { docker, container, command, terminal } = options;
  // With a terminal, Ctrl-C is a key for the program; without one, it ends this program and the connection with it.
  if (terminal) options.interrupt.release();
  const { stdin, stdout, stderr } = process;
  const session = await docker.open(container, {
    ...command,
    ...(terminal ? { terminal: sizeOf(stdout) } : { signal: options.signal }),
  });
  const resize = (): void => void session.resize(sizeOf(stdout)).catch(() => {});
  if (terminal) {
    stdin.setRawMode(true);
    stdout.on('resize', resize);
  }
  try {
    // The program may end before its input does: that is no failure of ours.
    pipeline(stdin, session.stdin).catch(() => {});
    const outputs = Promise.all([copy(session.stdout, stdout), copy(session.stderr, stderr)]);
    const exitCode = await session.exitCode;
    await outputs;
    return exitCode;
  } finally {
    if (terminal) {
      stdin.setRawMode(false);
      stdout.off('resize', resize);
    }
    stdin.unref?.();
  }
};

const sizeOf = (stdout: NodeJS.WriteStream) => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });

/** Ends with the source; leaves the target open. A reader that went away (`| head`) ends the copy in silence. */
const copy = async (source: NodeJS.ReadableStream, target: NodeJS.WritableStream): Promise<void> => {
  const gone = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
  };
  target.on('error', gone);
  try {
    for await (const chunk of source) if (!target.write(chunk)) await drained(target);
  } finally {
    target.off('error', gone);
  }
};

const drained = (target: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => {
    target.once('drain', resolve);
    target.once('close', resolve);
  });
