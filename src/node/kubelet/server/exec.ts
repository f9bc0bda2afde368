// `kubectl exec`: runs a program in a running container, with or without a terminal, and carries its streams.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { messageOf } from '../../../kit/error.ts';
import type { Crun } from '../../sys/crun.ts';
import { type StreamingProgram, startStreaming } from '../../sys/streaming.ts';
import type { CommandChannels, TerminalSize } from './channels.ts';
import { pauseUntil } from './pacing.ts';
import { terminalRelayArgv } from './terminal-relay.ts';

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

const runOnTerminal = async (
  channels: CommandChannels,
  request: ExecRequest,
  { ttyFolder, bundle, crun }: ExecOptions,
): Promise<number> => {
  await mkdir(ttyFolder, { recursive: true });
  // The client usually sends the first size before the terminal exists.
  let latest: TerminalSize | undefined;
  let resize = (_: TerminalSize): void => {};
  channels.onResize((size) => {
    latest = size;
    resize(size);
  });
  const file = join(ttyFolder, randomUUID());
  const [spec, socket] = [`${file}.json`, `${file}.sock`];
  await writeFile(spec, JSON.stringify(await processOf(request, bundle, latest)));
  try {
    const argv = terminalRelayArgv(socket, crun.execTerminalArgv(request.containerId, spec, socket));
    const relay = await startStreaming(argv, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    for (const output of [relay.stdout, relay.stderr])
      output?.on('data', (chunk: Buffer) => pace(channels, relay, () => channels.stdout(chunk)));
    const sizes = relay.stdio[3] as Writable;
    sizes.on('error', () => {});
    resize = ({ rows, columns }) => void sizes.write(`${rows} ${columns}\n`);
    if (latest) resize(latest);
    feed(channels, relay, true);
    return await ended(relay, channels);
  } finally {
    await Promise.all([spec, socket].map((path) => rm(path, { force: true })));
  }
};

/** @returns the container's process with this command and a terminal, in the words of OCI */
const processOf = async ({ command }: ExecRequest, bundle: string, size?: TerminalSize): Promise<object> => {
  const { process } = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8')) as OciProcess;
  const env = ['TERM=xterm', ...process.env.filter((entry) => !entry.startsWith('TERM='))];
  const consoleSize = size ? { consoleSize: { height: size.rows, width: size.columns } } : {};
  return { ...process, ...consoleSize, terminal: true, args: command, env };
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

/** Delivers a chunk of output. Stops reading the program's output while the client is too slow. */
const pace = (channels: CommandChannels, child: StreamingProgram, deliver: () => void): void => {
  deliver();
  if (channels.isFull()) pauseUntil(child, () => !channels.isFull());
};
