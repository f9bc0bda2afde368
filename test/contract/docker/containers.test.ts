// The contract of the Containers port: one suite for Docker and for the fake.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectDocker } from '../../../src/host/docker/dockerode.ts';
import type { ContainerSpec, Containers } from '../../../src/host/docker/port.ts';
import { readImageInputs } from '../../../src/host/image/ensure.ts';
import { nodeImage } from '../../../src/host/image/names.ts';
import { type ExecHandler, FakeDocker } from '../../support/fake-docker.ts';
import { type SshServer, startSshServer } from '../../support/ssh-server.ts';

const root = new URL('../../..', import.meta.url).pathname;
const image = nodeImage((await readImageInputs(root)).digests.node);
const label = 'labs.contract-test';
const run = randomBytes(4).toString('hex');
const spec = (name: string, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
  name: `labs-contract-${run}-${name}`,
  image,
  network: 'none',
  command: ['sh', '-c', 'trap "exit 143" TERM; sleep 1000 & wait'],
  labels: { [label]: run, kind: name },
  stopSignal: 'SIGTERM',
  ...more,
});

/** The fake's answers to the commands of this suite: the same as those of a real container. */
const shell: ExecHandler = (container, command, stdin) => {
  const script = command.at(-1) ?? '';
  if (command[0] !== 'sh') return command[0] === 'cat' ? { stdout: stdin } : undefined;
  const [, code] = /^exit (\d)$/.exec(script) ?? [];
  if (code !== undefined) return { exitCode: Number(code) };
  if (script === 'echo out; echo err >&2; exit 3') return { stdout: 'out\n', stderr: 'err\n', exitCode: 3 };
  if (script === 'cat /root/a/b.txt') return { stdout: container.files.get('/root/a/b.txt') ?? '' };
  return {};
};

const engines: readonly { readonly name: string; readonly connect: () => Promise<Containers> }[] = [
  { name: 'the fake', connect: () => Promise.resolve(new FakeDocker({ images: { [image]: {} }, exec: shell })) },
  { name: 'Docker', connect: () => connectDocker(process.env) },
  { name: 'Docker behind SSH', connect: () => connectDocker({ ...ssh.variables, DOCKER_HOST: ssh.address }) },
];

let ssh: SshServer;
beforeAll(async () => {
  ssh = await startSshServer();
});
afterAll(() => ssh?.[Symbol.asyncDispose]());

describe.each(engines)('$name', ({ connect }) => {
  let docker: Containers;
  const volume = `labs-contract-${run}`;
  const tag = `labs/contract:${run}`;

  beforeAll(async () => {
    docker = await connect();
  });
  afterEach(async () => {
    const left = await docker.list({ [label]: run });
    await Promise.all(left.map(({ id }) => docker.remove(id)));
  });
  afterAll(async () => {
    await docker.volumes.remove(volume);
    await docker.images.remove(tag);
  });

  const started = async (name: string): Promise<string> => {
    const container = spec(name);
    await docker.create(container);
    await docker.start(container.name);
    return container.name;
  };

  test('describes the engine', async () => {
    expect(await docker.engine()).toMatchObject({ architecture: expect.stringMatching(/^(x64|arm64)$/) });
  });

  test('takes a container from created through running to exited, and returns its exit code', async () => {
    const { name } = spec('life');
    await docker.create(spec('life'));
    expect(await docker.inspect(name)).toMatchObject({ name, status: 'created', pid: 0, startedAt: '' });
    await docker.start(name);
    await docker.start(name);
    const running = await docker.inspect(name);
    expect(running).toMatchObject({ status: 'running', image });
    expect(running?.pid).toBeGreaterThan(0);
    const ended = docker.wait(name);
    await docker.stop(name, 5);
    await docker.stop(name, 5);
    expect(await ended).toBe(143);
    expect(await docker.inspect(name)).toMatchObject({ status: 'exited', pid: 0, exitCode: 143 });
    await docker.kill(name);
    await docker.start(name);
    expect(await docker.inspect(name)).toMatchObject({ status: 'running' });
  });

  test('finds containers by label, including stopped ones; an empty value matches any', async () => {
    await docker.create(spec('one'));
    await started('two');
    const names = async (labels: Record<string, string>) => (await docker.list(labels)).map(({ name }) => name).sort();
    expect(await names({ [label]: run })).toEqual([spec('one').name, spec('two').name]);
    expect(await names({ [label]: '', kind: 'two' })).toEqual([spec('two').name]);
    expect(await names({ [label]: 'other' })).toEqual([]);
  });

  test('removes a running container, and ignores one that is gone', async () => {
    const name = await started('gone');
    await Promise.all([docker.remove(name), docker.remove(name)]);
    await docker.remove(name);
    expect(await docker.inspect(name)).toBeUndefined();
  });

  test('refuses to start a container whose port another container publishes', async () => {
    const ports = [{ container: 80, host: 19_000 + (process.pid % 900), address: '127.0.0.1' }];
    for (const name of ['port-one', 'port-two']) await docker.create(spec(name, { network: 'bridge', ports }));
    await docker.start(spec('port-one').name);
    await expect(docker.start(spec('port-two').name)).rejects.toMatchObject({ code: 'LAB_PORT_TAKEN' });
  });

  test('refuses a name that is taken, a missing image and a missing container', async () => {
    await docker.create(spec('taken'));
    await expect(docker.create(spec('taken'))).rejects.toMatchObject({ code: 'LAB_NAME_TAKEN' });
    await expect(docker.create(spec('other', { image: 'labs/none:1' }))).rejects.toMatchObject({
      code: 'LAB_IMAGE_MISSING',
    });
    await expect(docker.start('labs-contract-none')).rejects.toMatchObject({ code: 'LAB_CONTAINER_MISSING' });
    await expect(docker.exec(spec('taken').name, { command: ['true'] })).rejects.toMatchObject({
      code: 'LAB_CONTAINER_STOPPED',
    });
  });

  test('unpacks an archive into a container that has not started, and reads it back', async () => {
    const { name } = spec('files');
    await docker.create(spec('files'));
    const archive = pack();
    archive.entry({ name: 'a', type: 'directory' });
    archive.entry({ name: 'a/b.txt' }, 'héllo\n');
    archive.finalize();
    await docker.putArchive(name, '/root', await buffer(archive));
    await docker.start(name);
    expect(await docker.exec(name, { command: ['sh', '-c', 'cat /root/a/b.txt'] })).toMatchObject({
      stdout: 'héllo\n',
    });
    const reader = extract();
    (await docker.getArchive(name, '/root/a/b.txt')).pipe(reader);
    const names: string[] = [];
    for await (const entry of reader) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(['b.txt']);
    await expect(docker.getArchive(name, '/nowhere')).rejects.toMatchObject({ code: 'LAB_FILE_MISSING' });
  });

  test('runs commands with separate output and error, exit code and standard input', async () => {
    const name = await started('exec');
    expect(await docker.exec(name, { command: ['sh', '-c', 'echo out; echo err >&2; exit 3'] })).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    const big = 'x'.repeat(300_000);
    const echoed = await docker.exec(name, { command: ['cat'], stdin: big });
    expect(echoed.stdout.length).toBe(big.length);
    expect(await docker.exec(name, { command: ['labs-no-such-program'] })).toMatchObject({ exitCode: 126 });
  });

  test('a command in a terminal that ends at once and prints nothing has its exit code', async () => {
    const name = await started('quick');
    for (const code of [0, 1, 3]) {
      const command = ['sh', '-c', `exit ${code}`];
      const session = await docker.open(name, { command, terminal: { columns: 80, rows: 24 } });
      session.stdin.end();
      expect((await buffer(session.stdout)).toString()).toBe('');
      expect(await session.exitCode).toBe(code);
    }
  });

  test('talks to a command until its input ends', async () => {
    const name = await started('open');
    const session = await docker.open(name, { command: ['cat'] });
    session.stderr.resume();
    session.stdin.write('one ');
    session.stdin.end('two');
    expect((await buffer(session.stdout)).toString()).toBe('one two');
    expect(await session.exitCode).toBe(0);
  });

  test.each(['stop', 'kill', 'remove'] as const)('a command ends with its container: %s', async (end) => {
    // Docker itself does not notice the end in a container that shares the engine's process ids, such as the fabric.
    for (const more of [{}, { pidMode: 'host' as const }]) {
      const container = spec(`ends-${end}`, more);
      await docker.create(container);
      await docker.start(container.name);
      const session = await docker.open(container.name, { command: ['cat'] });
      for (const output of [session.stdout, session.stderr]) output.on('error', () => {}).resume();
      await (end === 'stop' ? docker.stop(container.name, 5) : docker[end](container.name));
      // 137, or 126 if the container was faster than the command.
      expect(await session.exitCode).toBeGreaterThanOrEqual(126);
      await docker.remove(container.name);
    }
  });

  test('makes a volume once, finds it by label and removes it', async () => {
    await docker.volumes.create(volume, { [label]: run });
    await docker.volumes.create(volume, { [label]: run });
    expect(await docker.volumes.list({ [label]: run })).toEqual([{ name: volume, labels: { [label]: run } }]);
    await docker.volumes.remove(volume);
    await docker.volumes.remove(volume);
    expect(await docker.volumes.exists(volume)).toBe(false);
  });

  test('imports a root file system as an image, finds it by label and removes it', async () => {
    const rootfs = pack();
    rootfs.entry({ name: 'hello.txt' }, 'hello');
    rootfs.finalize();
    await docker.images.import(tag, Readable.from(rootfs), { changes: [`LABEL ${label}=${run}`] });
    expect(await docker.images.exists(tag)).toBe(true);
    expect((await docker.images.list({ [label]: run })).flatMap(({ tags }) => tags)).toEqual([tag]);
    await docker.images.remove(tag);
    await docker.images.remove(tag);
    expect(await docker.images.inspect(tag)).toBeUndefined();
  });

  test('a pull without a registry fails with an error code of its own', async () => {
    await expect(docker.images.pull('localhost:1/labs/none:1')).rejects.toMatchObject({ code: 'LAB_IMAGE_PULL' });
  });
});

describe('Docker alone', () => {
  test('a command in a terminal sees its size and everything on one stream', async () => {
    const docker = await connectDocker(process.env);
    const { name } = spec('terminal');
    await docker.create(spec('terminal'));
    await docker.start(name);
    try {
      const session = await docker.open(name, {
        command: ['sh', '-c', 'read -r line; stty size; echo "$line" >&2; exit 4'],
        terminal: { columns: 99, rows: 33 },
      });
      session.stdin.write('typed\n');
      const output = (await buffer(session.stdout)).toString();
      expect(await session.exitCode).toBe(4);
      expect(output).toContain('33 99');
      expect(output).toContain('typed');
    } finally {
      await docker.remove(name);
    }
  });

  test('an aborted command ends the wait with the reason', async () => {
    const docker = await connectDocker(process.env);
    const { name } = spec('abort');
    await docker.create(spec('abort'));
    await docker.start(name);
    try {
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error('enough')), 50);
      await expect(docker.exec(name, { command: ['sleep', '60'], signal: stop.signal })).rejects.toThrow('enough');
    } finally {
      await docker.remove(name);
    }
  });

  test('a socket that does not answer has a hint that names DOCKER_HOST', async () => {
    const docker = await connectDocker({ DOCKER_HOST: 'unix:///nowhere/docker.sock', PATH: '' });
    await expect(docker.engine()).rejects.toMatchObject({
      code: 'LAB_DOCKER_UNREACHABLE',
      exitCode: 3,
      hint: expect.stringContaining('DOCKER_HOST'),
    });
  });

  test('a remote engine that does not answer is named in the error', async () => {
    const docker = await connectDocker({ DOCKER_HOST: 'tcp://127.0.0.1:1', PATH: '' });
    await expect(docker.engine()).rejects.toMatchObject({
      code: 'LAB_DOCKER_UNREACHABLE',
      message: expect.stringContaining('tcp://127.0.0.1:1'),
    });
  });
});
