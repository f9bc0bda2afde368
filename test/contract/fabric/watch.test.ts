// Real changes in a machine's namespaces are noticed, each as its own kind.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Change, KernelPart } from '../../../src/api/changes.ts';
import { createWatch, type Watch } from '../../../src/fabric/watch.ts';
import { startMachine, type TestMachine } from './machine.ts';

let machine: TestMachine;
let watch: Watch;
let version = 0;

const machines = () => [{ machine: 'node01', pid: machine.pid }];
const ask = async (files: readonly string[] = []): Promise<readonly Change[]> => {
  const { version: now, changed } = await watch.changes({
    since: version,
    waitMs: 10_000,
    machines: machines(),
    objects: [],
    files: files.map((path) => ({ machine: 'node01', pid: machine.pid, path })),
  });
  version = now;
  return changed;
};
const partsIn = (changed: readonly Change[]): readonly KernelPart[] =>
  changed.flatMap((change) => (change.kind === 'kernel' ? [change.what] : []));

/**
 * Waits until changes of all these parts are told. Other parts may come first: a new address also makes a route.
 * Parts that change soon after each other are one call, because one answer may tell of both.
 */
const until = async (...wanted: readonly KernelPart[]): Promise<readonly KernelPart[]> => {
  const seen: KernelPart[] = [];
  while (!wanted.every((part) => seen.includes(part))) seen.push(...partsIn(await ask()));
  return seen;
};

/** Reads until nothing is left to tell. */
const settle = async (): Promise<void> => {
  for (;;) {
    const params = { since: version, waitMs: 700, machines: machines(), objects: [], files: [] };
    const { version: now, changed } = await watch.changes(params);
    version = now;
    if (changed.every(({ kind }) => kind === 'retry' || kind === 'all')) return;
  }
};

beforeAll(async () => {
  machine = await startMachine();
  await machine.sh(`mount -o remount,rw /proc; mkdir -p /run/netns; ip link add veth0 type veth peer name veth1
    ip netns add pod; ip link set veth1 netns pod; ip link set veth0 up`);
  watch = createWatch({ kube: { watch: async () => {} }, lookMs: 100 });
});
beforeEach(settle);
afterAll(() => machine?.[Symbol.asyncDispose]());

test.each<[KernelPart, string, string]>([
  ['rules', 'a rule of iptables', 'iptables -t nat -A PREROUTING -p tcp --dport 1 -j ACCEPT'],
  ['rules', 'a rule of ip6tables', 'ip6tables -A INPUT -p tcp --dport 1 -j ACCEPT'],
  ['rules', "nft's own table", 'nft add table ip own'],
  ['rules', 'a rule of iptables-legacy', 'iptables-legacy -A INPUT -p tcp --dport 1 -j ACCEPT'],
  ['rules', 'another rule of iptables-legacy', 'iptables-legacy -R INPUT 1 -p tcp --dport 2 -j ACCEPT'],
  ['links', 'a new link', 'ip link add br9 type bridge'],
  ['links', 'a link that goes down', 'ip link set veth0 down'],
  ['links', 'an address', 'ip address add 10.9.9.9/24 dev veth0'],
  ['links', 'lost packets, by traffic control', 'tc qdisc add dev veth0 root tbf rate 1kbit burst 1600 limit 1600'],
  ['routes', 'a route', 'ip link set veth0 up; ip route add blackhole 10.8.0.0/24'],
  ['routes', 'a rule for routes', 'ip rule add from 10.7.0.0/24 table 7'],
  [
    'sysctls',
    'a sysctl that the kernel announces',
    'echo 0 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/ip_forward',
  ],
  ['sysctls', 'a sysctl that it does not announce', 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet'],
  ['rules', 'a rule in the namespace of a pod', 'ip netns exec pod iptables -A INPUT -p tcp --dport 1 -j DROP'],
  ['links', 'a link of a pod', 'ip -n pod link set lo up'],
])('notices in %s: %s', async (part, _, script) => {
  await machine.sh(script);
  expect(await until(part)).toContain(part);
});

test('a change of rules is only that', async () => {
  await machine.sh('iptables -A OUTPUT -p tcp --dport 1 -j ACCEPT');
  expect(partsIn(await ask())).toEqual(['rules']);
});

test('notices a process that starts, is stopped and ends, and a socket that it opens', async () => {
  const child = machine.background('exec node -e \'require("net").createServer().listen(8080)\'');
  await until('processes', 'listeners');
  await settle();
  const pid = (await machine.sh("grep -lz '^node' /proc/[0-9]*/cmdline | tail -n 1")).replace(/\D/g, '');
  await machine.sh(`kill -STOP ${pid}`);
  await until('stopped');
  await machine.sh(`kill -KILL ${pid}`);
  expect(await until('listeners')).toContain('listeners');
  child.kill();
});

test('notices a pod that comes and its rules, and lets go of its namespace when it is removed', async () => {
  await machine.sh('ip netns add later');
  await until('rules');
  await settle();
  await machine.sh('ip netns exec later iptables -A INPUT -p tcp --dport 1 -j DROP');
  expect(await until('rules')).toContain('rules');
  // The kernel removes a link whose other end was in a namespace only when nothing holds the namespace any more.
  await machine.sh('ip link add left type veth peer name right; ip link set right netns later; ip netns delete later');
  await until('links');
  await settle();
  expect(await machine.sh('ip -o link show')).not.toContain('left');
});

test('notices a file that is written, replaced, removed and made', async () => {
  const change = { kind: 'file', machine: 'node01', path: '/run/log' };
  const look = async (script: string) => {
    await machine.sh(script);
    for (;;) {
      const files = (await ask(['/run/log'])).filter(({ kind }) => kind === 'file');
      if (files.length > 0) return files;
    }
  };
  expect(await look(':')).toEqual([{ ...change, first: true }]);
  expect(await look('echo one > /run/log')).toEqual([change]);
  expect(await look('echo two >> /run/log')).toEqual([change]);
  expect(await look('rm /run/log')).toEqual([change]);
});

test('says that a machine is gone', async () => {
  const short = await startMachine();
  const other = createWatch({ kube: { watch: async () => {} }, lookMs: 50 });
  const params = { machines: [{ machine: 'short', pid: short.pid }], objects: [], files: [], waitMs: 10_000 };
  const { version: first } = await other.changes({ ...params, since: 0 });
  await short[Symbol.asyncDispose]();
  const seen: Change[] = [];
  for (let since = first; !seen.some(({ kind }) => kind === 'gone'); ) {
    const { version: now, changed } = await other.changes({ ...params, since });
    seen.push(...changed);
    since = now;
  }
  expect(seen).toContainEqual({ kind: 'gone', machine: 'short' });
});
