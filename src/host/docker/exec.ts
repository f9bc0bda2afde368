// The part of the adapter that runs commands in containers.
import { PassThrough, type Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { LabError } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import { aborting, undefinedIfMissing } from './call.ts';
import type { ExecResult, ExecSession, ExecSpec, TerminalSize } from './port.ts';
import { toEnvironment } from './spec.ts';
import { demultiplex, readAll } from './streams.ts';

/** Runs a command to its end. */
export const runExec = async (
  docker: Dockerode,
  container: string,
  command: ExecSpec & { readonly stdin?: string | Buffer },
): Promise<ExecResult> => {
  const session = await start(docker, container, command, { stdin: command.stdin !== undefined });
  if (command.stdin !== undefined) session.stdin.end(command.stdin);
  const [exitCode, stdout, stderr] = await Promise.all([
    session.exitCode,
    readAll(session.stdout),
    readAll(session.stderr),
  ]);
  return { exitCode, stdout, stderr };
};

/** Starts a command with all of its streams open. */
export const openExec = (
  docker: Dockerode,
  container: string,
  command: ExecSpec & { readonly terminal?: TerminalSize },
): Promise<ExecSession> => start(docker, container, command, { stdin: true, endsWithContainer: true });

type StartSpec = ExecSpec & { readonly terminal?: TerminalSize };

const start = async (
  docker: Dockerode,
  container: string,
  command: StartSpec,
  { stdin, endsWithContainer = false }: { readonly stdin: boolean; readonly endsWithContainer?: boolean },
): Promise<ExecSession> => {
  const { signal, terminal } = command;
  const exec = await docker.getContainer(container).exec({
    Cmd: [...command.command],
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    Tty: terminal !== undefined,
    // Engines from API 1.42 on start with this size. Older engines get the size by `resize` below.
    ...(terminal ? { ConsoleSize: [terminal.rows, terminal.columns] } : {}),
    Env: toEnvironment(command.environment ?? {}),
    ...(command.user ? { User: command.user } : {}),
    ...(command.folder ? { WorkingDir: command.folder } : {}),
    ...aborting(signal),
  });
  // Hijacked even without input, so that the end of the stream means the end of the command.
  const socket = await exec.start({ hijack: true, stdin: true, Tty: terminal !== undefined, ...aborting(signal) });
  // From the very start, because a command that prints nothing may end while the terminal gets its size.
  const end = ended(socket);
  // A failure during the resize is told by `exitCode`.
  end.catch(() => {});
  if (!stdin) socket.end();
  const resize = async ({ columns, rows }: TerminalSize): Promise<void> => {
    await exec.resize({ w: columns, h: rows });
  };
  // A failed resize is ignored, because the command may have ended already.
  if (terminal) await resize(terminal).catch(() => {});
  const stop = (): void => void socket.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  const streams = terminal ? raw(socket) : demultiplex(socket);
  const life = endsWithContainer ? lifeOf(docker.getContainer(container), () => socket.destroy()) : undefined;
  const exitCode = end.then(() => readExitCode(exec, { signal, life }));
  exitCode
    .catch(() => {})
    .finally(() => {
      signal?.removeEventListener('abort', stop);
      life?.[Symbol.dispose]();
    });
  return { stdin: socket, ...streams, exitCode, resize, close: () => void socket.destroy() };
};

interface Life extends Disposable {
  /** The container has stopped since the command began. */
  readonly over: boolean;
}

/**
 * Waits for the end of the container. Docker does not end the commands of a container that shares the engine's process
 * ids, such as the fabric: their streams stay open, and they count as running for ever.
 */
const lifeOf = (container: Dockerode.Container, onEnd: () => void): Life => {
  const leave = new AbortController();
  let over = false;
  const end = (): void => {
    over = true;
    onEnd();
  };
  container.wait(aborting(leave.signal)).then(end, ({ statusCode }: { statusCode?: number }) => {
    // Removed already. Another failure says nothing about the container.
    if (statusCode === 404) end();
  });
  return {
    get over() {
      return over;
    },
    [Symbol.dispose]: () => leave.abort(),
  };
};

/** 128 + SIGKILL: how Docker ends what is left in a container. */
const killedCode = 137;

const raw = (socket: Readable): { stdout: Readable; stderr: Readable } => {
  const stdout = socket.pipe(new PassThrough());
  const stderr = new PassThrough().end() as PassThrough;
  socket.on('close', () => stdout.end());
  return { stdout, stderr };
};

const ended = (socket: Readable): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('end', resolve);
  socket.once('close', resolve);
  socket.once('error', reject);
  return promise;
};

interface ReadOptions {
  readonly signal: AbortSignal | undefined;
  readonly life: Life | undefined;
}

/** A command whose container has been removed. */
const removed = { Running: false, ExitCode: killedCode };

/** Waits for the exit code, which Docker knows a moment after the stream has ended. */
const readExitCode = (exec: Dockerode.Exec, { signal, life }: ReadOptions): Promise<number> =>
  eventually(
    'Docker tells the exit code of a command',
    async () => {
      const { ExitCode: code, Running: running } = (await undefinedIfMissing(exec.inspect())) ?? removed;
      if (!running && code !== null) return done(code);
      return life?.over ? done(killedCode) : notYet('the command is still running');
    },
    { timeoutMs: 5000, intervalMs: 2, ...(signal ? { signal } : {}) },
  ).catch((cause) => {
    signal?.throwIfAborted();
    throw new LabError('LAB_EXEC_LOST', 'The connection to a command in a container broke', { cause });
  });
