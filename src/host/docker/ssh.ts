// Reaches the engine of another machine by the program ssh, so that the user's own keys, aliases and known hosts count.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../kit/error.ts';
import { printable } from '../../kit/printable.ts';
import { formatEndpoint, type SshEndpoint, systemSocket, type Variables } from './endpoint.ts';

/** Forwards a socket of this machine to the engine's socket, over one connection for all requests. */
export interface EngineForward {
  /** Opens the connection at the first call. ssh may ask for a password. @throws LabError LAB_DOCKER_SSH */
  open(): Promise<void>;
  /** The path of the socket on this machine, after `open`. */
  readonly socket: () => Promise<string>;
}

export const forwardEngine = (endpoint: SshEndpoint, variables: Variables): EngineForward => {
  let opened: Promise<string> | undefined;
  const socket = (): Promise<string> => {
    opened ??= openForward(endpoint, variables);
    return opened;
  };
  return { open: async () => void (await socket()), socket };
};

/** A line that no login script prints. */
const ready = 'labs: ready';

/**
 * A signal to the whole group, such as Ctrl-C, must not end the connection, because labs cleans up then. When labs
 * ends, even by SIGKILL, the standard input ends. ssh then ends; if it does not, it is killed. Last, the folder is
 * removed. The script also makes it, so that a labs that is killed before has made none. File 3 is the standard input,
 * because a program in the background has none.
 */
const script = `trap "" INT QUIT HUP TERM PIPE; folder=$1; shift; /bin/mkdir -m 700 "$folder" || exit; exec 3<&0
ssh "$@" <&3 & ssh=$!
{ /bin/cat; /bin/sleep 2; kill -KILL $ssh; } <&3 >/dev/null 2>&1 &
wait $ssh; status=$?; /bin/rm -rf "$folder"; exit $status`;

/** Long enough to type a password. */
const patienceMs = 120_000;

const openForward = async (endpoint: SshEndpoint, variables: Variables): Promise<string> => {
  const folder = join(tmpdir(), `labs-ssh-${randomBytes(9).toString('base64url')}`);
  const socket = join(folder, 'docker.sock');
  const words = sshWords(endpoint, socket);
  const child = spawn('/bin/sh', ['-c', script, 'labs', folder, ...words], {
    stdio: 'pipe',
    env: variables as NodeJS.ProcessEnv,
  });
  // Writing to an ssh that has ended is no error of its own: its exit is reported.
  child.stdin.on('error', () => {});
  const said = tailOf(child.stderr);
  const printed = tailOf(child.stdout);
  const isReady = new Promise<'ready'>((resolve) =>
    child.stdout.on('data', () => printed().includes(ready) && resolve('ready')),
  );
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const late = new AbortController();
  const isLate = delay(patienceMs, 'late' as const, { signal: late.signal, ref: false }).catch(() => 'late' as const);
  const state = await Promise.race([isReady, ended, isLate]);
  late.abort();
  if (state !== 'ready') {
    child.stdin.destroy();
    throw unreachable(endpoint, state, said());
  }
  letGo(child);
  return socket;
};

/** The last letters of what a program printed so far. It may print without end. */
const tailOf = (stream: Readable): (() => string) => {
  let tail = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    tail = `${tail}${text}`.slice(-2000);
  });
  return () => tail;
};

const sshWords = ({ host, port, user, path }: SshEndpoint, socket: string): string[] => [
  '-T',
  ...['-o', 'ExitOnForwardFailure=yes', '-o', 'ConnectTimeout=15', '-o', 'ServerAliveInterval=15'],
  // Without a port or a user in the address, those of the user's ~/.ssh/config count.
  ...(port === undefined ? [] : ['-p', String(port)]),
  ...(user === undefined ? [] : ['-l', user]),
  ...['-L', `${socket}:${path ?? systemSocket}`, '--', host, `echo '${ready}'; exec cat`],
];

/** Does not keep this process alive. */
const letGo = (child: ChildProcess): void => {
  child.unref();
  for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
};

const unreachable = (endpoint: SshEndpoint, code: number | null | 'late', stderr: string): LabError => {
  const where = formatEndpoint(endpoint);
  if (code === 127)
    return new LabError('LAB_DOCKER_SSH', `The program \`ssh\` is missing, which leads to ${where}`, {
      hint: 'Install the package `openssh-client`.',
    });
  const late = code === 'late' ? `it did not connect within ${patienceMs / 1000} s` : undefined;
  const last = printable(stderr.trim().split('\n').at(-1)?.trim() ?? '').slice(-300);
  return new LabError(
    'LAB_DOCKER_SSH',
    `\`ssh\` does not reach ${where}: ${late ?? (last || `it ended with exit code ${code}`)}`,
    {
      hint: `Make \`ssh ${sshTarget(endpoint)} docker version\` work first.`,
    },
  );
};

/** What the user types after `ssh`. */
export const sshTarget = ({ host, port, user }: SshEndpoint): string =>
  [...(port === undefined ? [] : ['-p', port]), user === undefined ? host : `${user}@${host}`].join(' ');
