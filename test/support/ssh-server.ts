// An SSH server on the loopback address, in the tests' own process, and a program `ssh` that trusts it and has its key.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import ssh2 from 'ssh2';
import type { Variables } from '../../src/host/docker/endpoint.ts';

const { Server, utils } = ssh2;
const user = 'tester';

export interface SshServer extends AsyncDisposable {
  /** For DOCKER_HOST, without a path. */
  readonly address: string;
  /** With a PATH that begins with the program `ssh`, the real one with a configuration of its own. */
  readonly variables: Variables;
  /** How many connections there are now. */
  readonly connections: () => number;
}

/** Accepts one user with one key. Forwards sockets, and runs commands with `sh`, as a real server does. */
export const startSshServer = async (): Promise<SshServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-ssh-test-'));
  const file = (name: string, text = '', mode = 0o600): string => {
    const path = join(folder, name);
    if (text) writeFileSync(path, text, { mode });
    return path;
  };
  const hostKey = utils.generateKeyPairSync('ed25519');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('key')]);
  const accepted = utils.parseKey(readFileSync(file('key.pub')));
  if (accepted instanceof Error) throw accepted;
  const open = new Set<ssh2.Connection>();
  const server = new Server({ hostKeys: [hostKey.private] }, (connection) => {
    open.add(connection);
    connection.on('close', () => open.delete(connection)).on('error', () => {});
    connection.on('authentication', (context) => {
      const known = context.method === 'publickey' && context.username === user;
      if (known && context.key.data.equals(accepted.getPublicSSH())) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('ready', () => serve(connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  file('known_hosts', `[127.0.0.1]:${port} ${hostKey.public}\n`);
  const config = file(
    'config',
    `IdentityFile ${file('key')}\nIdentitiesOnly yes\nUserKnownHostsFile ${file('known_hosts')}\nBatchMode yes\n`,
  );
  chmodSync(file('ssh', `#!/bin/sh\nexec /usr/bin/ssh -F ${config} "$@"\n`), 0o755);
  return {
    address: `ssh://${user}@127.0.0.1:${port}`,
    variables: { ...process.env, PATH: [folder, process.env.PATH].join(delimiter) },
    connections: () => open.size,
    [Symbol.asyncDispose]: async () => {
      for (const connection of open) connection.end();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
};

const serve = (connection: ssh2.Connection): void => {
  // The types of ssh2 lack this event of its server.
  const events = connection as unknown as NodeJS.EventEmitter;
  events.on('openssh.streamlocal', (accept: () => ssh2.ServerChannel, reject: () => void, { socketPath }) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    socket.once('error', reject).once('connect', () => {
      const channel = accept();
      channel.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket.off('error', reject).on('error', () => channel.destroy());
      socket.pipe(channel).pipe(socket);
    });
  });
  connection.on('session', (accept) =>
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      // The only command that labs runs: it says something, then waits for the end of its input.
      const [, line] = /^echo '(.*)'; exec cat$/.exec(command) ?? [];
      if (line === undefined) throw new Error(`unexpected command: ${command}`);
      channel.write(`${line}\n`);
      channel.on('end', () => {
        channel.exit(0);
        channel.end();
      });
      channel.resume();
    }),
  );
};
