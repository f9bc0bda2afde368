// Docker on another machine, reached by the real ssh: how it fails, and what it leaves behind. The calls themselves are
// tested in containers.test.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDocker } from '../../../src/host/docker/dockerode.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { type SshServer, startSshServer } from '../../support/ssh-server.ts';

const root = join(import.meta.dirname, '../../..');
let server: SshServer;
beforeAll(async () => {
  server = await startSshServer();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const engineAt = async (address: string, more: Record<string, string> = {}) => {
  const docker = await connectDocker({ ...server.variables, DOCKER_HOST: address, ...more });
  return docker.engine();
};

describe('an engine behind SSH', () => {
  test.each(['', '/var/run/docker.sock'])('answers at the address with the path "%s"', async (path) => {
    expect(await engineAt(`${server.address}${path}`)).toMatchObject({ version: expect.stringMatching(/^\d/) });
  });

  test('is refused if its host key is not known', async () => {
    const address = server.address.replace('127.0.0.1', 'localhost');
    await expect(engineAt(address)).rejects.toMatchObject({
      code: 'LAB_DOCKER_SSH',
      message: expect.stringContaining('Host key verification failed'),
    });
  });

  test('is not reached with a wrong user, and the error says what must work first', async () => {
    const address = server.address.replace('tester', 'stranger');
    const { port } = new URL(address);
    await expect(engineAt(address)).rejects.toMatchObject({
      code: 'LAB_DOCKER_SSH',
      message: expect.stringContaining('Permission denied'),
      hint: `Make \`ssh -p ${port} stranger@127.0.0.1 docker version\` work first.`,
    });
  });

  test('needs the program ssh', async () => {
    await expect(engineAt(server.address, { PATH: '/nowhere' })).rejects.toMatchObject({
      code: 'LAB_DOCKER_SSH',
      hint: 'Install the package `openssh-client`.',
    });
  });

  test('does not answer at a socket that nobody listens at', async () => {
    await expect(engineAt(`${server.address}/run/no-engine.sock`)).rejects.toMatchObject({
      code: 'LAB_DOCKER_UNREACHABLE',
      message: expect.stringContaining('/run/no-engine.sock'),
    });
  });
});

/** Another program `ssh` than the real one. */
const withSsh = (script: string): Record<string, string> => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-ssh-fake-'));
  folders.push(folder);
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${folder}:${process.env.PATH}` };
};
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => void rmSync(folder, { recursive: true })));

describe('an ssh', () => {
  test('that prints much before it ends is shown by its last line, without control characters', async () => {
    const noise =
      "head -c 3000000 /dev/urandom >&2; head -c 3000000 /dev/urandom; printf '\\nlast \\033[2Jwords\\n' >&2; exit 255";
    await expect(engineAt(server.address, withSsh(noise))).rejects.toMatchObject({
      code: 'LAB_DOCKER_SSH',
      message: expect.stringMatching(/: last \\x1b\[2Jwords$/),
    });
  });

  test('gets an IPv6 address without brackets', async () => {
    const echo = withSsh('echo "$@" >&2; exit 255');
    await expect(engineAt('ssh://[::1]:2222', echo)).rejects.toMatchObject({
      message: expect.stringMatching(/^`ssh` does not reach ssh:\/\/\[::1\]:2222: .* -- ::1 /),
      hint: 'Make `ssh -p 2222 ::1 docker version` work first.',
    });
  });
});

describe('the connection', () => {
  test.each([
    { how: 'ends by itself', script: '', signal: undefined },
    { how: 'is killed', script: 'setInterval(() => {}, 1000);', signal: 'SIGKILL' as const },
    { how: 'is killed while ssh hangs', script: '', signal: 'SIGKILL' as const, ssh: 'trap "" TERM; exec sleep 1000' },
  ])('is closed, and its folder removed, when the process $how', async ({ script, signal, ssh }) => {
    const folder = mkdtempSync(join(tmpdir(), 'labs-ssh-end-'));
    // Those of this process, which go on.
    const others = server.connections();
    const program = `
      import { connectDocker } from '${root}/src/host/docker/dockerode.ts';
      const docker = await connectDocker(process.env);
      ${ssh ? "console.log('hangs');" : ''}
      await Promise.all(Array.from({ length: 30 }, () => docker.engine()));
      console.log('used');
      ${script}`;
    const env = { ...server.variables, ...(ssh ? withSsh(ssh) : {}), DOCKER_HOST: server.address, TMPDIR: folder };
    const argv = ['--input-type=module-typescript', '--eval', program];
    const child = spawn(process.execPath, argv, { env, cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    const isStarted = async () => (readdirSync(folder).length > 0 ? done(true) : notYet('no folder'));
    if (ssh) await eventually('ssh was started', isStarted, { timeoutMs: 20_000 });
    if (signal) child.kill(signal);
    expect(await exit).toEqual(signal ? [null, signal] : [0, null]);
    const left = () => [...readdirSync(folder), `${server.connections() - others} connections`].join();
    const isClosed = async () => (left() === '0 connections' ? done(true) : notYet(left()));
    await eventually('the connection is closed', isClosed, { timeoutMs: 20_000 });
    rmSync(folder, { recursive: true });
  });
});
