import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FactName, Facts } from '../../../src/api/facts.ts';
import { parseIpv4 } from '../../../src/api/scalars.ts';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { createSysctl } from '../../../src/fabric/sysctls.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { startMachine, type TestMachine, twoPods } from './machine.ts';

const gather = createFacts(createProcessTable());

let machine: TestMachine;
const podIp = parseIpv4('10.244.1.2');
const emptyPodIp = parseIpv4('10.244.1.3');

/** A bridge and two "pods": one with a process, one whose namespace is only mounted. */
const makePods = `set -e
${twoPods}
iptables -t nat -A PREROUTING -d 10.103.132.104 -p tcp --dport 3306 -m comment --comment db-service -j DNAT --to-destination 10.244.1.2:3306`;

beforeAll(async () => {
  machine = await startMachine();
  await machine.sh(makePods);
  machine.background('exec ip netns exec a unshare --pid --fork sleep 1000');
  machine.background(
    'exec node -e \'process.title="kube-proxy --v=4 --config=x";require("net").createServer().listen(10256,"127.0.0.1")\'',
  );
  await eventually(
    'both processes are there',
    async () => {
      const { processes = [], listeners = [] } = await facts(['processes', 'listeners']);
      const seen = processes.some(({ arguments: words }) => words[0] === '1000') && listeners.length > 0;
      return seen ? done(undefined) : notYet(JSON.stringify(processes));
    },
    { timeoutMs: 10_000 },
  );
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const facts = (want: readonly FactName[], pod?: ReturnType<typeof parseIpv4>): Promise<Facts> =>
  gather({ place: { machine: 'node01', pid: machine.pid, ...(pod ? { podIp: pod } : {}) }, want });

test('iptables-save shows the rules of the machine with their comments', async () => {
  const { iptables } = await facts(['iptables']);
  expect(iptables).toMatch(
    /-A PREROUTING -d 10\.103\.132\.104\/32 .*--comment db-service -j DNAT --to-destination 10\.244\.1\.2:3306/,
  );
});

test("a pod's address leads to its namespace, with or without a process in it", async () => {
  for (const address of [podIp, emptyPodIp]) {
    const { links, iptables } = await facts(['links', 'iptables'], address);
    expect(links?.find(({ name }) => name === 'eth0')?.addresses[0]?.address).toBe(address);
    expect(iptables).not.toContain('db-service');
  }
});

test('reports an address that no namespace has', async () => {
  await expect(facts(['links'], parseIpv4('10.244.9.9'))).rejects.toMatchObject({
    code: 'FABRIC_NO_POD',
    message: 'no network namespace on node01 has the address 10.244.9.9',
  });
});

test('refuses a process that is not a machine, so that no probe starts outside of a lab', async () => {
  const place = { machine: 'node01', pid: process.pid };
  await expect(gather({ place, want: ['links'] })).rejects.toMatchObject({ code: 'FABRIC_NO_MACHINE' });
  await expect(gather({ place, want: ['processes'] })).rejects.toMatchObject({ code: 'FABRIC_NO_MACHINE' });
});

test("a pod's veth is attached to the bridge, and its other end is the pod's eth0", async () => {
  const { links } = await facts(['links']);
  const inside = (await facts(['links'], podIp)).links?.find(({ name }) => name === 'eth0');
  const outside = links?.find(({ name }) => name === 'veth-a');
  expect(links?.find(({ name }) => name === 'cni0')?.kind).toBe('bridge');
  expect(outside).toMatchObject({ kind: 'veth', master: 'cni0', peerIndex: inside?.ifindex });
  expect(inside?.peerIndex).toBe(outside?.ifindex);
});

test('finds the namespaces of processes and the mounted ones', async () => {
  const { namespaces = [] } = await facts(['namespaces']);
  expect(namespaces).toHaveLength(3);
  const addresses = namespaces.flatMap(({ links }) => links.flatMap((link) => link.addresses.map((a) => a.address)));
  expect(addresses).toEqual(expect.arrayContaining([podIp, emptyPodIp, '10.244.1.1']));
});

test('a symbolic link on the path of a mounted namespace does not lead out of the machine', async () => {
  await machine.sh('mkdir -p /tmp/fake && touch /tmp/fake/b && mount --bind /tmp/fake /run/netns');
  try {
    await expect(facts(['links'], emptyPodIp)).rejects.toMatchObject({ code: 'FABRIC_NO_POD' });
  } finally {
    await machine.sh('umount /run/netns');
  }
});

test('lists the processes of the machine and of its pods, with the process ids inside of the machine', async () => {
  const { processes = [], namespaces = [] } = await facts(['processes', 'namespaces']);
  expect(processes[0]).toMatchObject({ pid: 1, command: 'sleep', arguments: ['infinity'] });
  const pod = processes.find(({ arguments: words }) => words.includes('1000') && words.length === 1);
  const podNamespace = namespaces.find(({ links }) => links.some((l) => l.addresses.some((a) => a.address === podIp)));
  expect(pod).toMatchObject({ command: 'sleep', networkNamespace: podNamespace?.id });
  expect(processes.some(({ command }) => command === 'vitest' || command === 'process_api')).toBe(false);
});

test('a process that renamed itself still has a command and arguments', async () => {
  const { processes = [] } = await facts(['processes']);
  expect(processes.find(({ command }) => command === 'kube-proxy')?.arguments).toEqual(['--v=4', '--config=x']);
});

test('tells a process that a signal stopped from one that runs', async () => {
  machine.background('exec sleep 4321');
  const sleeper = async () =>
    (await facts(['processes'])).processes?.find(({ arguments: words }) => words[0] === '4321');
  const inState = (wanted: string) => async () => {
    const found = await sleeper();
    return found?.state === wanted ? done(found.pid) : notYet(String(found?.state));
  };
  const pid = await eventually('the process runs', inState('running'), { timeoutMs: 10_000 });
  try {
    await machine.sh(`kill -STOP ${pid}`);
    await eventually('the process is stopped', inState('stopped'), { timeoutMs: 10_000 });
  } finally {
    await machine.sh(`kill -KILL ${pid}`);
  }
});

test('lists the sockets that accept connections', async () => {
  expect((await facts(['listeners'])).listeners).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 10_256 }]);
  expect((await facts(['listeners'], podIp)).listeners).toEqual([]);
  expect((await facts(['listeners'], emptyPodIp)).listeners).toEqual([]);
});

test("reads the sysctls of the place's network namespace", async () => {
  await machine.sh('mount -o remount,rw /proc; echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet');
  expect((await facts(['sysctls'])).sysctls).toMatchObject({ 'net.ipv4.conf.all.route_localnet': '1' });
  expect((await facts(['sysctls'], podIp)).sysctls).toMatchObject({ 'net.ipv4.conf.all.route_localnet': '0' });
});

describe('a parameter by its name', () => {
  const sysctl = createSysctl(createProcessTable());
  const read = (name: string, pod?: ReturnType<typeof parseIpv4>) =>
    sysctl({ place: { machine: 'node01', pid: machine.pid, ...(pod ? { podIp: pod } : {}) }, name });

  test('is read in the namespace of the place', async () => {
    await machine.sh('mount -o remount,rw /proc; echo 2 > /proc/sys/net/ipv4/conf/veth-a/rp_filter');
    await machine.sh('echo "2000 3000" > /proc/sys/net/ipv4/ip_local_port_range');
    expect(await read('net.ipv4.conf.veth-a.rp_filter')).toEqual({ value: '2' });
    expect(await read('net/ipv4/conf/veth-a/rp_filter')).toEqual({ value: '2' });
    expect(await read('net.ipv4.ip_local_port_range')).toEqual({ value: '2000\t3000' });
    expect(await read('net.ipv4.ip_local_port_range', podIp)).toEqual({ value: '32768\t60999' });
  });

  test('has no value where the kernel has none', async () => {
    expect(await read('net.ipv4.conf.veth-a.rp_filter', podIp)).toEqual({});
    expect(await read('net.ipv4.nothing')).toEqual({});
    expect(await read('net.ipv4.conf')).toEqual({});
  });

  test.each(['net/../kernel/hostname', 'kernel.hostname', 'net', 'net.', '/etc/passwd', 'net.ipv4.a b', 'net.//.//.x'])(
    'is refused as %s',
    async (name) => {
      await expect(read(name)).rejects.toMatchObject({ code: 'FABRIC_BAD_REQUEST' });
    },
  );
});

test('reads native nft rules, connections and virtual servers of the place', async () => {
  await machine.sh(`nft 'add table inet mine; add chain inet mine c { type filter hook input priority 0; }
    add rule inet mine c ct state new tcp dport 10256 counter accept comment "the proxy"'`);
  await machine.sh('bash -c "exec 3<>/dev/tcp/127.0.0.1/10256"');
  const { nft, conntrack, ipvs } = await facts(['nft', 'conntrack', 'ipvs']);
  expect(JSON.parse(nft ?? '').nftables).toContainEqual({
    rule: expect.objectContaining({ table: 'mine', chain: 'c', comment: 'the proxy' }),
  });
  expect(conntrack).toMatch(/^ipv4 +2 tcp .* src=127\.0\.0\.1 dst=127\.0\.0\.1 sport=\d+ dport=10256 /m);
  expect(ipvs).toEqual({ isSupported: expect.any(Boolean), saved: '' });
  const pod = await facts(['nft', 'conntrack'], podIp);
  expect(pod.nft).not.toContain('mine');
  expect(pod.conntrack).not.toContain('10256');
});

test('the processes of a pod are those of its namespace', async () => {
  const { processes = [] } = await facts(['processes'], podIp);
  expect(processes.map(({ command }) => command)).toContain('sleep');
  expect(processes.map(({ command }) => command)).not.toContain('kube-proxy');
});

test('does not run a tool that the student replaced', async () => {
  await machine.sh('mount -t tmpfs none /usr/sbin');
  try {
    expect((await facts(['iptables'])).iptables).toContain('db-service');
  } finally {
    await machine.sh('umount /usr/sbin');
  }
});
