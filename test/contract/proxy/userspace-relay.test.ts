// Relays on real loopback sockets. The fake relay of the unit tests listens in the same way.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import type { ProxyEndpoint } from '../../../src/node/proxy/types.ts';
import type { Relay } from '../../../src/node/proxy/userspace/relay.ts';
import { TcpRelay } from '../../../src/node/proxy/userspace/tcp-relay.ts';
import { UdpRelay } from '../../../src/node/proxy/userspace/udp-relay.ts';
import { silent } from '../../support/proxy/replay.ts';
import { ip, port } from '../../support/proxy/scalars.ts';
import { FakePorts } from '../../support/proxy/userspace/fake-ports.ts';

const ports = new FakePorts();
const options = { log: silent, servicePortName: 'default/web' };
const udpRelay = (rest: { idleMs?: number; maxFlows?: number } = {}) =>
  new UdpRelay({ ...options, family: 'IPv4', idleMs: 60_000, ...rest });

describe.each<{ kind: string; create: () => Relay }>([
  { kind: 'in memory', create: () => ports.createRelay('TCP') },
  { kind: 'TCP', create: () => new TcpRelay(options) },
  { kind: 'UDP', create: () => udpRelay() },
])('a relay ($kind)', ({ create }) => {
  const listen = async (relay: Relay, address: string, port: number) => {
    const listener = await relay.listen(address, port);
    onTestFinished(() => listener.close());
    return listener;
  };

  test('chooses a different free port each time', async () => {
    const relay = create();
    const [first, second] = [await listen(relay, '127.0.0.1', 0), await listen(relay, '127.0.0.1', 0)];
    expect(first.port).toBeGreaterThan(1024);
    expect(second.port).not.toBe(first.port);
  });

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
  ])('keeps a port at %s from other relays at %s until it is closed', async (one, other) => {
    const { port, close } = await create().listen(one, 0);
    await expect(create().listen(other, port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    close();
    await eventually('the port is free', async () => done(await listen(create(), other, port)), { timeoutMs: 30_000 });
  });

  test('can use the same port at two different addresses', async () => {
    const { port } = await listen(create(), '127.0.0.1', 0);
    expect((await listen(create(), '127.0.0.2', port)).port).toBe(port);
  });
});

describe('a UDP relay', () => {
  const endpointOf = (number: number): ProxyEndpoint => ({
    ...{ address: `127.0.0.1:${number}`, ip: ip('127.0.0.1'), port: port(number) },
    ...{ local: true, ready: true, serving: true },
    ...{ terminating: false, zoneHints: [], nodeHints: [] },
  });
  /** Starts an endpoint that answers each packet with the number of different client sockets so far. */
  const startEndpoint = async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    const seen = new Set<number>();
    socket.on('message', (_message, { port }) => {
      seen.add(port);
      socket.send(String(seen.size), port, '127.0.0.1');
    });
    return { endpoint: endpointOf(socket.address().port), seen };
  };
  const startClient = async (port: number) => {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
    return async (): Promise<number> => {
      socket.send('?');
      const [answer] = (await once(socket, 'message')) as [Buffer];
      return Number(answer);
    };
  };
  const start = async (relay: UdpRelay, ...endpoints: ProxyEndpoint[]) => {
    const listener = await relay.listen('127.0.0.1', 0);
    onTestFinished(() => listener.close());
    relay.update(endpoints, undefined);
    return listener;
  };

  test('keeps one socket for each client', async () => {
    const { endpoint, seen } = await startEndpoint();
    const { port } = await start(udpRelay(), endpoint);
    const [first, second] = [await startClient(port), await startClient(port)];
    expect([await first(), await first(), await second(), await first()]).toEqual([1, 1, 2, 2]);
    expect(seen.size).toBe(2);
  });

  test('closes the socket of the longest silent client when it reaches the limit of flows', async () => {
    const { endpoint, seen } = await startEndpoint();
    const { port } = await start(udpRelay({ maxFlows: 2 }), endpoint);
    const clients = [await startClient(port), await startClient(port), await startClient(port)];
    const before = openSockets();
    for (const ask of clients) await ask();
    expect(seen.size).toBe(3);
    expect(openSockets() - before).toBe(2);
    await clients[2]?.();
    await clients[1]?.();
    expect(seen.size).toBe(3);
    await clients[0]?.();
    expect(seen.size).toBe(4);
  });

  test('forgets a silent client', async () => {
    const { endpoint } = await startEndpoint();
    // Long enough for an answer on a busy machine.
    const { port } = await start(udpRelay({ idleMs: 1000 }), endpoint);
    const ask = await startClient(port);
    const before = openSockets();
    await ask();
    await eventually(
      'the socket of the client is closed',
      () => (openSockets() === before ? done(undefined) : notYet(`${openSockets() - before} too many`)),
      { timeoutMs: 30_000 },
    );
    expect(await ask()).toBe(2);
  });

  test('moves on to the next endpoint when one refuses', async () => {
    const { endpoint } = await startEndpoint();
    const { port } = await start(udpRelay(), endpointOf(await freePort()), endpoint);
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
    let answered = false;
    socket.on('message', () => {
      answered = true;
    });
    await eventually(
      'the living endpoint answers',
      () => {
        socket.send('?');
        return answered ? done(undefined) : notYet('no answer');
      },
      { timeoutMs: 30_000 },
    );
  });

  const freePort = async (): Promise<number> => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    return port;
  };

  /** Number of connected UDP sockets in this network namespace. */
  const openSockets = (): number =>
    readFileSync('/proc/net/udp', 'utf8')
      .split('\n')
      .filter((line) => /^\s*\d+: \S+ (?!00000000)\S+ 01 /.test(line)).length;
});
