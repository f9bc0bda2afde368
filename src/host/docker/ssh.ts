// Reaches the engine of another machine by the program ssh, so that the user's own keys, aliases and known hosts count.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { LabError } from '../../kit/error.ts';
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
 * A signal to the whole group, such as Ctrl-C, must not end the connection, because labs cleans up then. ssh ends when
 * its standard input ends, which is when labs ends, even by SIGKILL. Then this script removes the folder of the socket.
 */
const script = 'folder=$1; shift; trap "" INT QUIT HUP TERM; ssh "$@"; status=$?; /bin/rm -rf "$folder"; exit $status';

const openForward = async (endpoint: SshEndpoint, variables: Variables): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-ssh-'));
  const socket = join(folder, 'docker.sock');
  const words = sshWords(endpoint, socket);
  const child = spawn('/bin/sh', ['-c', script, 'labs', folder, ...words], {
    stdio: 'pipe',
    env: variables as NodeJS.ProcessEnv,
  });
  // Writing to an ssh that has ended is no error of its own: its exit is reported.
  child.stdin.on('error', () => {});
  const said = text(child.stderr);
  const lines = createInterface({ input: child.stdout });
  const isReady = new Promise<true>((resolve) => lines.on('line', (line) => line === ready && resolve(true)));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const code = await Promise.race([isReady, ended]);
  if (code !== true) throw unreachable(endpoint, code, await said);
  letGo(child);
  return socket;
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

const unreachable = (endpoint: SshEndpoint, code: number | null, stderr: string): LabError => {
  const where = formatEndpoint(endpoint);
  if (code === 127)
    return new LabError('LAB_DOCKER_SSH', `The program \`ssh\` is missing, which leads to ${where}`, {
      hint: 'Install the package `openssh-client`.',
    });
  const last = stderr.trim().split('\n').at(-1)?.trim() || `it ended with exit code ${code}`;
  return new LabError('LAB_DOCKER_SSH', `\`ssh\` does not reach ${where}: ${last}`, {
    hint: `Make \`ssh ${sshTarget(endpoint)} docker version\` work first.`,
  });
};

/** What the user types after `ssh`. */
export const sshTarget = ({ host, port, user }: SshEndpoint): string =>
  [...(port === undefined ? [] : ['-p', port]), user === undefined ? host : `${user}@${host}`].join(' ');
