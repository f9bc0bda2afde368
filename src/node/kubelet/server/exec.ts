// `kubectl exec`: runs a program in a running container, with or without a terminal, and carries its streams.
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../kit/error.ts';
import { done, eventually, notYet } from '../../../kit/eventually.ts';
import type { Crun } from '../../sys/crun.ts';
import { run } from '../../sys/exec.ts';
import { type StreamingProgram, startStreaming } from '../../sys/streaming.ts';
import type { CommandChannels } from './channels.ts';
import { pauseUntil } from './pacing.ts';

export interface ExecRequest {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface ExecOptions {
  readonly crun: Crun;
  /** The folder for links to pseudo-terminals, such as /run/kubelet/tty. */
  readonly ttyFolder: string;
  /** The container's folder, with config.json. */
  readonly bundle: string;
}

/** Serves until the command ends or the client disconnects. Never throws: the client gets the error. */
export const serveExec = async (
  channels: CommandChannels,
  request: ExecRequest,
  options: ExecOptions,
): Promise<void> => {
  try {
    const exitCode = request.tty
      ? await runOnTerminal(channels, request, options)
      : await runOnPipes(channels, request, options);
    channels.finish({ exitCode, command: request.command });
  } catch (error) {
    channels.finish({ failure: messageOf(error) });
  }
};

const runOnPipes = async (channels: CommandChannels, request: ExecRequest, { crun }: ExecOptions): Promise<number> => {
  const child = await startStreaming(crun.execArgv(request.containerId, request.command));
  child.stdout?.on('data', (chunk: Buffer) => pace(channels, child, () => channels.stdout(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => pace(channels, child, () => channels.stderr(chunk)));
  feed(channels, child, request.stdin);
  return ended(child, channels);
};

/**
 * socat makes a pseudo-terminal and connects it to pipes of this process. The pseudo-terminal is crun's controlling
 * terminal: a change of its size reaches crun as SIGWINCH, and crun passes the new size on into the container.
 */
const runOnTerminal = async (
  channels: CommandChannels,
  request: ExecRequest,
  options: ExecOptions,
): Promise<number> => {
  await mkdir(options.ttyFolder, { recursive: true });
  const spec = await writeProcessSpec(request, options);
  const link = join(options.ttyFolder, randomUUID());
  const socat = await startStreaming(relayArgv(link), { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const relayed = ended(socat, channels);
    const exitCode = await runOnRelay(channels, link, options.crun.execTerminalArgv(request.containerId, spec), socat);
    await relayed;
    return exitCode;
  } finally {
    socat.kill('SIGKILL');
    await rm(spec, { force: true });
  }
};

/**
 * With `wait-slave`, socat does not hold the program's side of the terminal open. When the last program closes that
 * side, socat reads the rest of the output and then the end, and `-t0` ends it at once.
 */
const relayArgv = (link: string): string[] => [
  'socat',
  '-t0',
  '-',
  `PTY,link=${link},rawer,wait-slave,pty-interval=0.01`,
];

/** Runs the program on the terminal, and closes the terminal afterwards. @returns the exit code */
const runOnRelay = async (
  channels: CommandChannels,
  link: string,
  argv: readonly string[],
  socat: StreamingProgram,
): Promise<number> => {
  const terminal = await openTerminal(link, socat);
  try {
    await followSize(channels, link);
    socat.stdout?.on('data', (chunk: Buffer) => pace(channels, socat, () => channels.stdout(chunk)));
    feedTerminal(channels, socat);
    const child = await startStreaming(['setsid', '--ctty', ...argv], { stdio: Array(3).fill(terminal.fd) });
    return await ended(child, channels);
  } finally {
    await terminal.close();
  }
};

/**
 * Opens the terminal and waits until socat relays it. socat looks only now and then whether the terminal is open, and
 * would miss a program that ends before. A byte that comes back through socat proves that socat has looked.
 */
const openTerminal = async (link: string, socat: StreamingProgram): Promise<FileHandle> => {
  const exists = async () =>
    access(link).then(
      () => done(true),
      () => notYet('no pseudo-terminal'),
    );
  await eventually('socat made a pseudo-terminal', exists, { timeoutMs: 5000, intervalMs: 2, maxIntervalMs: 20 });
  // The terminal must not become the kubelet's own.
  const terminal = await open(link, constants.O_RDWR | constants.O_NOCTTY);
  try {
    const relays = Promise.withResolvers<void>();
    socat.stdout?.once('data', () => relays.resolve());
    socat.once('close', () => relays.reject(new Error('socat ended before the program started')));
    await Promise.all([relays.promise, terminal.write('\0')]);
    return terminal;
  } catch (error) {
    await terminal.close();
    throw error;
  }
};

/** Sets the terminal's size, now and later. The client usually sends the first size before the terminal exists. */
const followSize = (channels: CommandChannels, link: string): Promise<unknown> => {
  let work: Promise<unknown> = Promise.resolve();
  channels.onResize(({ rows, columns }) => {
    work = work.then(() => run(['stty', '-F', link, 'rows', String(rows), 'cols', String(columns)])).catch(() => {});
  });
  return work;
};

/** Writes the container's process with this command and a terminal, as a file for crun. @returns the file's path */
const writeProcessSpec = async (request: ExecRequest, { bundle, ttyFolder }: ExecOptions): Promise<string> => {
  const { process } = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8')) as OciProcess;
  const env = ['TERM=xterm', ...process.env.filter((entry) => !entry.startsWith('TERM='))];
  const file = join(ttyFolder, `${randomUUID()}.json`);
  await writeFile(file, JSON.stringify({ ...process, terminal: true, args: request.command, env }));
  return file;
};

interface OciProcess {
  readonly process: { readonly env: readonly string[] };
}

/** Kills the program when the client disconnects. @returns the exit code */
const ended = (child: StreamingProgram, channels: CommandChannels): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  channels.onClose(() => child.kill('SIGKILL'));
  child.on('error', reject);
  child.on('close', (code) => resolve(code ?? 137));
  return promise;
};

/** Passes the client's input on. If there is none, ends the program's input at once. */
const feed = (channels: CommandChannels, child: StreamingProgram, wanted: boolean): void => {
  child.stdin?.on('error', () => {});
  if (!wanted) child.stdin?.end();
  channels.onStdin((chunk) => child.stdin?.write(chunk));
  channels.onStdinEnd(() => child.stdin?.end());
};

/** Passes the client's input on. The end of the input is no end of the terminal: socat would end before the output. */
const feedTerminal = (channels: CommandChannels, socat: StreamingProgram): void => {
  socat.stdin?.on('error', () => {});
  channels.onStdin((chunk) => socat.stdin?.write(chunk));
};

/** Delivers a chunk of output. Stops reading the program's output while the client is too slow. */
const pace = (channels: CommandChannels, child: StreamingProgram, deliver: () => void): void => {
  deliver();
  if (channels.isFull()) pauseUntil(child, () => !channels.isFull());
};
