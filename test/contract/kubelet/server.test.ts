import { request } from 'node:https';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Pod } from '../../../src/api/core-pods.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import type { ContainerRecord, Sandbox } from '../../../src/node/kubelet/runtime/runtime.ts';
import { createHeaderCodec } from '../../../src/node/kubelet/server/spdy-headers.ts';
import { type KubeletNode, startKubeletNode } from '../../support/kubelet-node.ts';
import { containerSpecOf, ended, sandboxSpec } from '../../support/runtime-suite.ts';

let node: KubeletNode;
let server: Awaited<ReturnType<KubeletNode['serve']>>;
let sandbox: Sandbox;
let shell: ContainerRecord;
let chatty: ContainerRecord;

const pod: Pod = {
  metadata: { namespace: 'default', name: 'box', uid: 'uid-box' },
  spec: { containers: ['c', 'tty', 'chatty', 'wide', 'late'].map((name) => ({ name, image: 'busybox' })) },
};

beforeAll(async () => {
  node = await startKubeletNode();
  sandbox = await node.runtime.createSandbox(sandboxSpec('box'));
  await node.runtime.startContainer(containerSpecOf(sandbox));
  shell = await node.runtime.startContainer(
    containerSpecOf(sandbox, { name: 'tty', args: ['sh'], terminal: true, stdin: true }),
  );
  const script = 'for i in 1 2 3; do echo line $i; done; sleep 0.6; echo line 4; exit 3';
  chatty = await node.runtime.startContainer(containerSpecOf(sandbox, { name: 'chatty', args: ['sh', '-c', script] }));
  server = await node.serve([pod]);
});
afterAll(() => node.stop());

type Who = 'admin' | 'stranger' | undefined;
const tlsFor = (who: Who) => ({ ca: server.ca, ...(who ? server[who] : {}), servername: 'localhost' });

const get = (path: string, who: Who): Promise<{ status: number; body: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const sent = request({ socketPath: server.socket, path, agent: false, ...tlsFor(who) }, async (response) => {
    let body = '';
    for await (const chunk of response) body += chunk;
    resolve({ status: response.statusCode ?? 0, body });
  });
  sent.on('error', reject).end();
  return promise;
};

/** Connects over the server's Unix socket. A URL for ws cannot name a Unix socket with TLS. */
const websocket = (path: string, protocols: string[], who: Who, headers = {}): WebSocket =>
  new WebSocket(`wss://localhost${path}`, protocols, {
    headers,
    createConnection: () => connect({ path: server.socket, ...tlsFor(who) }),
  });

/** Speaks v5.channel.k8s.io as kubectl does. */
const command = (path: string) => {
  const socket = websocket(path, ['v5.channel.k8s.io'], 'admin');
  const heard = { stdout: '', stderr: '', status: undefined as undefined | { status: string; details?: unknown } };
  socket.on('message', (message: Buffer) => {
    const text = message.subarray(1).toString();
    if (message[0] === 1) heard.stdout += text;
    if (message[0] === 2) heard.stderr += text;
    if (message[0] === 3) heard.status = JSON.parse(text);
  });
  const opened = new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const send = async (channel: number, text: string): Promise<void> => {
    await opened;
    socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
  };
  return {
    heard,
    opened,
    type: (text: string) => send(0, text),
    resize: (Width: number, Height: number) => send(4, JSON.stringify({ Width, Height })),
    endInput: () => send(255, '\0'),
    closed: new Promise((resolve) => socket.once('close', resolve)),
    hangUp: () => socket.close(),
    until: (what: string, look: () => boolean) =>
      eventually(what, () => (look() ? done(true) : notYet(JSON.stringify(heard))), { timeoutMs: 30_000 }),
  };
};

describe('access', () => {
  test.each([
    { name: 'the API server', who: 'admin' as const, status: 200 },
    { name: 'another component', who: 'stranger' as const, status: 403 },
    { name: 'a client without a certificate', who: undefined, status: 401 },
  ])('$name gets $status', async ({ who, status }) => expect((await get('/pods', who)).status).toBe(status));

  test('shows the settings with which it runs', async () => {
    const { body } = await get('/configz', 'admin');
    expect(JSON.parse(body)).toEqual({ kubeletconfig: { clusterDNS: ['10.96.0.10'] } });
  });

  test('a stream needs a client certificate', async () => {
    const socket = websocket('/exec/default/box/c?command=id', [], undefined);
    const refused = await new Promise((resolve) =>
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode)),
    );
    expect(refused).toBe(401);
  });
});

describe('logs', () => {
  test('follow a container to its end', async () => {
    expect((await get('/containerLogs/default/box/chatty?follow=true', 'admin')).body).toBe(
      'line 1\nline 2\nline 3\nline 4\n',
    );
    expect((await ended(node.runtime, chatty.id)).exit?.code).toBe(3);
  });

  test.each([
    { query: 'tailLines=2', want: /^line 3\nline 4\n$/ },
    { query: 'limitBytes=5', want: /^line $/ },
    { query: 'timestamps=true&tailLines=1', want: /^2\d{3}-\d\d-\d\dT[\d:.]+Z line 4\n$/ },
    { query: 'sinceSeconds=3600&tailLines=0', want: /^$/ },
  ])('with $query', async ({ query, want }) => {
    await ended(node.runtime, chatty.id);
    expect((await get(`/containerLogs/default/box/chatty?${query}`, 'admin')).body).toMatch(want);
  });

  test.each([
    {
      path: 'default/box/late',
      status: 400,
      says: 'container "late" in pod "box" is waiting to start: ContainerCreating',
    },
    { path: 'default/box/nope', status: 404, says: 'container "nope" not found in pod "box"' },
    { path: 'default/none/c', status: 404, says: 'pod "none" does not exist' },
    {
      path: 'default/box/c?previous=true',
      status: 400,
      says: 'previous terminated container "c" in pod "box" not found',
    },
    { path: 'default/box/c?tailLines=x', status: 400, says: 'invalid value "x" for tailLines' },
  ])('of $path are refused with $status', async ({ path, status, says }) => {
    const answer = await get(`/containerLogs/${path}`, 'admin');
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).message).toContain(says);
  });
});

describe('exec', () => {
  const exec = (script: string, query = ''): string =>
    `/exec/default/box/c?command=sh&command=-c&command=${encodeURIComponent(script)}&output=1&error=1${query}`;

  test('carries both output streams and the exit code', async () => {
    const run = command(exec('echo out; echo err >&2; exit 7'));
    await run.closed;
    expect(run.heard).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
    expect(run.heard.status).toMatchObject({
      status: 'Failure',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  test('carries input until its end', async () => {
    const run = command(exec('cat; echo end', '&input=1'));
    await run.type('hello ');
    await run.type('world\n');
    await run.endInput();
    await run.closed;
    expect(run.heard).toMatchObject({ stdout: 'hello world\nend\n', status: { status: 'Success' } });
  });

  test('carries megabytes of output completely', async () => {
    const run = command(exec('head -c 5000000 /dev/zero | tr "\\0" x'));
    await run.closed;
    expect(run.heard.stdout.length).toBe(5_000_000);
  });

  const terminal = '/exec/default/box/c?command=sh&input=1&output=1&tty=1';
  test('on a terminal sets the size before the program starts', async () => {
    const run = command(terminal);
    await run.resize(133, 41);
    await run.type('stty size; echo $TERM\n');
    await run.until('the size and the terminal’s type', () => /41 133\s+xterm/.test(run.heard.stdout));
    await run.type('exit 5\n');
    await run.closed;
    expect(run.heard.status).toMatchObject({ details: { causes: [{ message: '5' }] } });
  });

  test('on a terminal takes much input while the command writes', async () => {
    const script = 'stty raw -echo; echo ready; head -c 1000000 /dev/zero | tr "\\0" x; head -c 300000 | wc -c';
    const run = command(exec(script, '&input=1&tty=1'));
    await run.until('the program runs', () => run.heard.stdout.includes('ready'));
    await run.type('y'.repeat(300_000));
    await run.closed;
    expect(run.heard.stdout).toMatch(/ready\s+x{1000000}300000\s+$/);
  });

  test('on a terminal passes Ctrl-C as a signal', async () => {
    const script = 'trap "exit 6" INT; echo ready; while :; do sleep 0.05; done';
    const run = command(exec(script, '&input=1&tty=1'));
    await run.until('the program runs', () => run.heard.stdout.includes('ready'));
    await run.type('\x03');
    await run.closed;
    expect(run.heard.status).toMatchObject({ details: { causes: [{ message: '6' }] } });
  });

  test.each([
    { name: 'of a command that ends at once', script: 'echo hi', says: /^hi\r\n$/ },
    { name: 'that a command writes last', script: 'sleep 1.3; printf last', says: /^last$/ },
    { name: 'that fills many buffers', script: 'seq 100000', says: /^1\r\n(\d+\r\n)*100000\r\n$/, bytes: 688_895 },
    { name: 'while a child process keeps the terminal', script: 'sleep 60 & seq 5000', says: /\r\n5000\r\n$/ },
  ])('on a terminal carries all output $name', async ({ script, says, bytes }) => {
    const run = command(exec(script, '&input=1&tty=1'));
    await run.closed;
    expect(run.heard).toMatchObject({ stdout: expect.stringMatching(says), status: { status: 'Success' } });
    expect(run.heard.stdout.length).toBe(bytes ?? run.heard.stdout.length);
  });

  test('on a terminal goes on when the input ends', async () => {
    const run = command(exec('echo ready; sleep 1.3; echo end', '&input=1&tty=1'));
    await run.endInput();
    await run.closed;
    expect(run.heard).toMatchObject({ stdout: 'ready\r\nend\r\n', status: { status: 'Success' } });
  });

  test('on a terminal follows changes of its size', async () => {
    const run = command(terminal);
    await run.resize(133, 41);
    await run.type('stty size\n');
    await run.until('the size', () => run.heard.stdout.includes('41 133'));
    await run.resize(80, 24);
    await run.until('the new size', () => {
      void run.type('stty size\n');
      return run.heard.stdout.includes('24 80');
    });
    run.hangUp();
  });

  test('is refused in a container that has ended', async () => {
    await ended(node.runtime, chatty.id);
    const run = command('/exec/default/box/chatty?command=id&output=1');
    await expect(run.opened).rejects.toThrow('500');
  });
});

test.each([{ terminal: true }, { terminal: false }])(
  'attach with input carries a megabyte: %o',
  async ({ terminal }) => {
    const script = 'read go; head -c 1000000 /dev/zero | tr "\\0" x';
    const over = { name: 'wide', args: ['sh', '-c', script], terminal, stdin: true, attempt: terminal ? 1 : 0 };
    await node.runtime.startContainer(containerSpecOf(sandbox, over));
    const run = command(`/attach/default/box/wide?input=1&output=1${terminal ? '&tty=1' : ''}`);
    await run.type('go\n');
    await run.closed;
    expect(run.heard.stdout.replaceAll(/[^x]/g, '').length).toBe(1_000_000);
  },
);

test('attach shows the earlier prompt, takes input, and ends with the container', async () => {
  const run = command('/attach/default/box/tty?input=1&output=1&tty=1');
  await run.opened;
  await run.until('a prompt', () => run.heard.stdout.includes('# '));
  await run.resize(100, 30);
  await run.type('stty size\n');
  await run.until('the size', () => run.heard.stdout.includes('30 100'));
  await run.type('exit\n');
  await run.closed;
  expect(run.heard.status).toMatchObject({ status: 'Success' });
  expect((await ended(node.runtime, shell.id)).exit?.code).toBe(0);
});

describe('port-forward', () => {
  const open = async (port: number) => {
    const socket = websocket(`/portForward/default/box?port=${port}`, [], 'admin');
    const data: Record<number, string> = {};
    const finished = new Set<number>();
    socket.on('message', (frame: Buffer) => {
      if ((frame[0] ?? 0) & 0x80) return;
      const id = frame.readUInt32BE(0);
      data[id] = (data[id] ?? '') + frame.subarray(8).toString();
      if (frame[4] === 1) finished.add(id);
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const codec = createHeaderCodec();
    const uint32 = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
    const syn = async (id: number, streamtype: string): Promise<void> => {
      const headers = await codec.encode({ streamtype, port: String(port), requestid: '0' });
      const payload = Buffer.concat([uint32(id), uint32(0), Buffer.from([0, 0]), headers]);
      socket.send(Buffer.concat([Buffer.from([0x80, 3, 0, 1, 0]), uint32(payload.length).subarray(1), payload]));
    };
    await syn(1, 'error');
    await syn(3, 'data');
    return {
      data,
      send: (text: string) =>
        socket.send(Buffer.concat([uint32(3), Buffer.from([0]), uint32(text.length).subarray(1), Buffer.from(text)])),
      end: () => socket.send(Buffer.concat([uint32(3), Buffer.from([1, 0, 0, 0])])),
      done: () =>
        eventually('both streams ended', () => (finished.size === 2 ? done(true) : notYet(JSON.stringify(data))), {
          timeoutMs: 30_000,
        }),
      hangUp: () => socket.close(),
    };
  };

  test('carries data to and from a port in the pod’s network', async () => {
    const listener = node.run(
      'nsenter',
      `--net=${sandbox.netns}`,
      'timeout',
      '5',
      'socat',
      'TCP-LISTEN:8080',
      'SYSTEM:"tr a-z A-Z"',
    );
    await node.run(
      'nsenter',
      `--net=${sandbox.netns}`,
      'sh',
      '-c',
      'until ss -ltn | grep -q 8080; do sleep 0.02; done',
    );
    const stream = await open(8080);
    stream.send('hello');
    stream.end();
    await stream.done();
    expect(stream.data[3]).toBe('HELLO');
    stream.hangUp();
    await listener;
  });

  test('reports a port on which nothing listens', async () => {
    const stream = await open(81);
    await stream.done();
    expect(stream.data[1]).toContain('dial tcp4 127.0.0.1:81: connect: connection refused');
    stream.hangUp();
  });
});
