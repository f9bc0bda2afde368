import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCidr, parseIpv4 } from '../../../src/api/scalars.ts';
import type { WireParams } from '../../../src/api/wiring.ts';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createPlug } from '../../../src/fabric/plug.ts';
import { createProbes } from '../../../src/fabric/probe.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { createWiring } from '../../../src/fabric/rewire.ts';
import { wire } from '../../../src/fabric/wire.ts';
import { macOf } from '../../../src/host/plan/names.ts';
import { startMachine, type TestMachine } from './machine.ts';

const gather = createFacts(createProcessTable());
const { tcp } = createProbes(createProcessTable());

let fabric: TestMachine;
let one: TestMachine;
let two: TestMachine;

beforeAll(async () => {
  [fabric, one, two] = await Promise.all([startMachine(), startMachine(), startMachine()]);
});
afterAll(async () => {
  await Promise.all([fabric, one, two].map((machine) => machine?.[Symbol.asyncDispose]()));
});

const gateway = parseIpv4('192.168.56.1');
const link = (machine: string, { pid }: TestMachine, text: string): WireParams['links'][number] => {
  const address = parseIpv4(text);
  return { machine, pid, interface: 'eth0', address, prefix: 24, gateway, mac: macOf(address) };
};
const params = (): WireParams => ({
  bridge: { name: 'lab0', address: gateway, prefix: 24 },
  links: [
    link('controlplane', one, '192.168.56.10'),
    link('a-node-with-a-name-longer-than-a-link-may-have', two, '192.168.56.11'),
  ],
});
const wireUp = () => wire(params(), { home: { path: `/proc/${fabric.pid}/ns/net` } });

/**
 * A refused connection proves that the host was reached. After several changes of links within a second, the kernel
 * lets a bridge's new port forward a second later (net/core/link_watch.c), so that the first packet may be lost.
 */
const expectReach = async ({ pid }: TestMachine, host: string): Promise<void> => {
  const outcome = await tcp({ place: { machine: 'm', pid }, host, port: 9, timeoutMs: 5000 });
  expect(outcome).toMatchObject({ ok: false, failure: 'refused' });
};

test('connects machines to one bridge, and they reach each other', async () => {
  expect((await wireUp()).wired).toHaveLength(2);
  await expectReach(one, '192.168.56.11');
  await expectReach(one, '192.168.56.1');
});

test('an unplugged machine is reached by nobody, keeps its routes, and is reached again once it is plugged in', async () => {
  const plug = createPlug({ path: `/proc/${fabric.pid}/ns/net` });
  const address = parseIpv4('192.168.56.11');
  const routes = async () =>
    (await gather({ place: { machine: 'two', pid: two.pid }, want: ['routes'] })).routes?.map(
      ({ destination, gateway: via }) => `${destination} ${via}`,
    );
  await two.sh('ip route add 10.9.9.0/24 via 192.168.56.1');
  const before = await routes();
  await plug({ address, plugged: false });
  const outcome = await tcp({ place: { machine: 'm', pid: one.pid }, host: address, port: 9, timeoutMs: 200 });
  expect(outcome).toMatchObject({ ok: false, failure: 'timeout' });
  await plug({ address, plugged: true });
  await plug({ address, plugged: true });
  await expectReach(one, address);
  expect(await routes()).toEqual(before);
  await two.sh('ip route delete 10.9.9.0/24');
});

test('a machine has its address, its MAC and a default route', async () => {
  const { links, routes } = await gather({ place: { machine: 'one', pid: one.pid }, want: ['links', 'routes'] });
  expect(links?.find(({ name }) => name === 'eth0')).toMatchObject({
    kind: 'veth',
    up: true,
    mac: '02:42:c0:a8:38:0a',
    addresses: [{ address: '192.168.56.10', prefix: 24, family: 'inet' }, expect.anything()],
  });
  expect(routes).toContainEqual(expect.objectContaining({ destination: 'default', gateway: '192.168.56.1' }));
});

test('leaves existing links unchanged', async () => {
  const before = await one.sh('ip -o link show eth0');
  expect((await wireUp()).wired).toEqual([]);
  expect(await one.sh('ip -o link show eth0')).toBe(before);
});

test('restores a deleted link', async () => {
  await one.sh('ip link delete eth0');
  expect((await wireUp()).wired).toEqual(['controlplane']);
  await expectReach(one, '192.168.56.11');
});

test('replaces another interface with the name eth0', async () => {
  await two.sh('ip link delete eth0; ip link add eth0 type veth peer name other');
  expect((await wireUp()).wired).toHaveLength(1);
  await expectReach(two, '192.168.56.10');
});

test('connects a restarted machine, which has a new namespace, again', async () => {
  await two[Symbol.asyncDispose]();
  two = await startMachine();
  expect((await wireUp()).wired).toEqual(['a-node-with-a-name-longer-than-a-link-may-have']);
  await expectReach(one, '192.168.56.11');
});

describe('between two commands of labs', () => {
  const record = join(tmpdir(), `labs-wired-${process.pid}.json`);
  let claimed = true;
  const home = () => ({ path: `/proc/${fabric.pid}/ns/net` });
  const wiring = () =>
    createWiring({ record, home: home(), claim: async () => ({ claimed }), release: async () => ({}) });
  afterAll(() => rm(record, { force: true }));

  test('connects only a machine that was restarted', async () => {
    await wiring().wire(params());
    expect((await wiring().rewire(params())).wired).toEqual([]);
    await one.sh('ip link set eth0 down');
    await two[Symbol.asyncDispose]();
    two = await startMachine();
    expect((await wiring().rewire(params())).wired).toEqual(['a-node-with-a-name-longer-than-a-link-may-have']);
    expect((await wiring().rewire(params())).wired).toEqual([]);
    // A student's fault stays.
    expect(await one.sh('ip -o link show eth0')).toContain('state DOWN');
    await expectReach(two, '192.168.56.1');
  });

  test('connects all machines when the fabric was restarted, which loses the record', async () => {
    await fabric[Symbol.asyncDispose]();
    fabric = await startMachine();
    await rm(record);
    expect((await wiring().rewire(params())).wired).toHaveLength(2);
    await expectReach(one, '192.168.56.11');
  });

  test('changes nothing while a `labs start` is running', async () => {
    await two[Symbol.asyncDispose]();
    two = await startMachine();
    claimed = false;
    expect((await wiring().rewire(params())).wired).toEqual([]);
    claimed = true;
    expect((await wiring().rewire(params())).wired).toHaveLength(1);
  });
});

describe('a router between two networks', () => {
  let router: TestMachine;
  let left: TestMachine;
  let right: TestMachine;
  beforeAll(async () => {
    [router, left, right] = await Promise.all([startMachine(), startMachine(), startMachine()]);
    await router.sh('echo 1 > /proc/sys/net/ipv4/ip_forward');
  });
  afterAll(async () => {
    await Promise.all([router, left, right].map((machine) => machine?.[Symbol.asyncDispose]()));
  });

  /** Without `text`, the interface has no address. */
  const attach = (
    machine: string,
    { pid }: TestMachine,
    { eth, bridge, text }: { readonly eth: number; readonly bridge: string; readonly text?: string },
  ): WireParams['links'][number] => {
    const address = text === undefined ? undefined : parseIpv4(text);
    return {
      ...{ machine, pid, interface: `eth${eth}`, prefix: 24, bridge },
      ...(address === undefined ? { mac: '02:43:00:00:00:02', port: 'lab-m00i02' } : { address, mac: macOf(address) }),
    };
  };
  const routed = (): WireParams => ({
    bridge: params().bridge,
    links: [
      attach('router', router, { eth: 0, bridge: 'lan-a', text: '10.1.0.1' }),
      attach('router', router, { eth: 1, bridge: 'lan-b', text: '10.2.0.1' }),
      attach('router', router, { eth: 2, bridge: 'lan-b' }),
      attach('left', left, { eth: 0, bridge: 'lan-a', text: '10.1.0.10' }),
      attach('right', right, { eth: 0, bridge: 'lan-b', text: '10.2.0.10' }),
    ],
    routes: [
      { machine: 'left', to: 'default', via: parseIpv4('10.1.0.1') },
      { machine: 'right', to: parseCidr('10.1.0.0/24'), via: parseIpv4('10.2.0.1') },
    ],
  });
  const wireRouted = () => wire(routed(), { home: { path: `/proc/${fabric.pid}/ns/net` } });

  test('hosts reach each other through it, and only those networks', async () => {
    expect([...(await wireRouted()).wired].sort()).toEqual(['left', 'right', 'router']);
    await expectReach(left, '10.2.0.10');
    const outcome = await tcp({ place: { machine: 'm', pid: right.pid }, host: '10.3.0.1', port: 9, timeoutMs: 1000 });
    expect(outcome).toMatchObject({ ok: false, failure: 'unreachable' });
  });

  test('an interface without an address is up, and the bridges have no address', async () => {
    expect(await router.sh('ip -o -4 address show eth2')).toBe('');
    expect(await router.sh('ip -o link show eth2')).toContain('state UP');
    expect(await fabric.sh('ip -o address show lan-a; ip -o address show lan-b')).toBe('');
  });

  test('a route that a student removed stays removed until the machine gets a new link', async () => {
    await right.sh('ip route delete 10.1.0.0/24');
    expect((await wireRouted()).wired).toEqual([]);
    expect(await right.sh('ip route show 10.1.0.0/24')).toBe('');
    await right.sh('ip link delete eth0');
    expect((await wireRouted()).wired).toEqual(['right']);
    await expectReach(left, '10.2.0.10');
  });
});

test('nothing appears in the namespace of the test itself', async () => {
  const { stdout } = await execa('ip', ['-o', 'link']);
  expect(stdout).not.toMatch(/lab0|lab-c0a8/);
});
