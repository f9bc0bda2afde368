// `kubectl exec`: runs a program in a running container, with or without a terminal, and carries its streams.
import { randomUUID } from 'node:crypto';
import { close, open } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../kit/error.ts';
import { done, eventually, notYet } from '../../../kit/eventually.ts';
import type { Crun } from '../../sys/crun.ts';
import { run } from '../../sys/exec.ts';
import { type StreamingProgram, startStreaming } from '../../sys/streaming.ts';
import type { CommandChannels, TerminalSize } from './channels.ts';
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
  const terminalArgs = ['-', `PTY,link=${link},rawer,wait-slave`];
  const socat = await startStreaming(['socat', ...terminalArgs], { stdio: ['pipe', 'pipe', 'ignore'] });
  socat.stdout?.on('data', (chunk: Buffer) => pace(channels, socat, () => channels.stdout(chunk)));
  feed(channels, socat, request.stdin);
  const terminal = followSize(channels, link);
  const exists = async () =>
    access(link).then(
      () => done(true),
      () => notYet('no pseudo-terminal'),
    );
  await eventually('socat made a pseudo-terminal', exists, { timeoutMs: 5000, intervalMs: 2, maxIntervalMs: 20 });
  await terminal.ready();
  const fd = await promisify(open)(link, 'r+');
  try {
    const argv = ['setsid', '--ctty', ...options.crun.execTerminalArgv(request.containerId, spec)];
    const exitCode = await startStreaming(argv, { stdio: [fd, fd, fd] })
      .then((child) => ended(child, channels))
      .finally(() => closeFd(fd));
    await drained(socat);
    return exitCode;
  } finally {
    socat.kill('SIGKILL');
    await rm(spec, { force: true });
  }
};

/** Sets the terminal's size. The client usually sends the first size before the terminal exists. */
const followSize = (channels: CommandChannels, link: string) => {
  let latest: TerminalSize | undefined;
  let exists = false;
  let work: Promise<unknown> = Promise.resolve();
  const set = (): Promise<unknown> => {
    if (!exists || !latest) return work;
    const { rows, columns } = latest;
    work = work.then(() => run(['stty', '-F', link, 'rows', String(rows), 'cols', String(columns)])).catch(() => {});
    return work;
  };
  channels.onResize((size) => {
    latest = size;
    void set();
  });
  return {
    ready(): Promise<unknown> {
      exists = true;
      return set();
    },
  };
};

const closeFd = promisify(close);

/** Waits for the last output: until socat ends or writes nothing for 50 ms. */
const drained = (socat: StreamingProgram): Promise<void> =>
  new Promise((resolve) => {
    const timer = setInterval(() => {
      if (quiet && !socat.stdout?.isPaused()) finish();
      quiet = true;
    }, 50);
    let quiet = false;
    const finish = (): void => {
      clearInterval(timer);
      resolve();
    };
    socat.stdout?.on('data', () => {
      quiet = false;
    });
    if (socat.exitCode !== null) finish();
    socat.on('close', finish);
  });

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

/** Passes the client's input on. If there is none, ends the program's input at once; socat would end with its input. */
const feed = (channels: CommandChannels, child: StreamingProgram, wanted: boolean): void => {
  child.stdin?.on('error', () => {});
  if (!wanted && child.spawnargs[0] !== 'socat') child.stdin?.end();
  channels.onStdin((chunk) => child.stdin?.write(chunk));
  channels.onStdinEnd(() => child.stdin?.end());
};

/** Delivers a chunk of output. Stops reading the program's output while the client is too slow. */
const pace = (channels: CommandChannels, child: StreamingProgram, deliver: () => void): void => {
  deliver();
  if (channels.isFull()) pauseUntil(child, () => !channels.isFull());
};
