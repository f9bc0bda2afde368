import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../../src/api/scalars.ts';
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

/** A refused connection proves that the host was reached. */
const expectReach = async ({ pid }: TestMachine, host: string): Promise<void> => {
  const outcome = await tcp({ place: { machine: 'm', pid }, host, port: 9, timeoutMs: 1000 });
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

test('nothing appears in the namespace of the test itself', async () => {
  const { stdout } = await execa('ip', ['-o', 'link']);
  expect(stdout).not.toMatch(/lab0|lab-c0a8/);
});
