// The model of a lab's data plane, and the kernel's own trace of a real packet, in a machine with two pods.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseIpv4 } from '../../../src/api/scalars.ts';
import { walkCluster } from '../../../src/dataplane/cluster/walk.ts';
import { createDataplane } from '../../../src/fabric/dataplane.ts';
import { createKernelTrace } from '../../../src/fabric/kernel-trace.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import type { ClusterAccess } from '../../../src/host/grade/access.ts';
import { readLab } from '../../../src/host/trace/lab.ts';
import { proofOf } from '../../../src/host/trace/proof.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { startMachine, type TestMachine, twoPods } from './machine.ts';

const table = createProcessTable();
const methods = { dataplane: createDataplane(table), kernelTrace: createKernelTrace(table) };
const { signal } = new AbortController();
const pods = [
  {
    metadata: { name: 'a', namespace: 'default' },
    spec: { nodeName: 'node01', containers: [] },
    status: { podIP: '10.244.1.2' },
  },
  {
    metadata: { name: 'b', namespace: 'default' },
    spec: { nodeName: 'node01', containers: [] },
    status: { podIP: '10.244.1.3' },
  },
];

let machine: TestMachine;
let access: Pick<ClusterAccess, 'fabric' | 'machines'>;

const makePods = `set -e
${twoPods}
for name in a b; do ip -n $name route add default via 10.244.1.1; done
echo 1 > /proc/sys/net/ipv4/ip_forward
iptables -t nat -N SVC; iptables -t nat -N SEP
iptables -t nat -A PREROUTING -m comment --comment "service portals" -j SVC
iptables -t nat -A SVC -d 10.96.0.1 -p tcp --dport 80 -j SEP
iptables -t nat -A SEP -s 10.244.1.2 -j MARK --set-mark 0x4000
iptables -t nat -A SEP -p tcp -j DNAT --to-destination 10.244.1.2:8080
iptables -t nat -A POSTROUTING -m mark --mark 0x4000 -j MASQUERADE
iptables -A FORWARD -d 10.244.1.2 -p tcp --dport 8082 -j REJECT
iptables -t nat -A PREROUTING -d 10.96.0.2 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.2:8081
iptables -t nat -A PREROUTING -d 10.96.0.3 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.2:8082
nft add table ip own; nft add chain ip own c '{ type filter hook forward priority 5; }'
nft add rule ip own c ip daddr 10.244.1.2 tcp dport 8081 drop`;

beforeAll(async () => {
  machine = await startMachine();
  await machine.sh(makePods);
  machine.background('exec ip netns exec a node -e \'require("net").createServer((c) => c.end()).listen(8080)\'');
  const call = async (method: string, params: never) =>
    method === 'kube'
      ? { status: 200, body: { items: (params as { path: string }).path.endsWith('pods') ? pods : [] } }
      : methods[method as keyof typeof methods](params, signal);
  access = {
    machines: [{ name: 'node01', role: 'worker', pid: machine.pid, address: parseIpv4('192.168.56.11') }],
    fabric: { call } as unknown as ClusterAccess['fabric'],
  };
  await eventually(
    'the server listens',
    async () => {
      const lab = await readLab(access);
      const listens = lab.model.machines.get('default/a')?.node.listeners?.some(({ port }) => port === 8080);
      return listens ? done(undefined) : notYet('nothing listens');
    },
    { timeoutMs: 20_000 },
  );
});
afterAll(() => machine?.[Symbol.asyncDispose]());

let nextPort = 23_000;
/** What the model says, and what a real packet did. */
const traced = async (from: 'a' | 'b' | 'node01', address: string, port = 80) => {
  const sourcePort = nextPort++;
  const lab = await readLab(access);
  const start = from === 'node01' ? from : `default/${from}`;
  const ways = walkCluster(
    lab.model,
    { destination: address, destinationPort: port, protocol: 'tcp', sourcePort },
    { machine: start },
  );
  const podIp = from === 'node01' ? {} : { podIp: parseIpv4(from === 'a' ? '10.244.1.2' : '10.244.1.3') };
  const kernel = await access.fabric.call('kernelTrace', {
    machines: [{ machine: 'node01', pid: machine.pid }],
    place: { machine: 'node01', pid: machine.pid, ...podIp },
    ...{ address, port, protocol: 'tcp', sourcePort, ports: [8080, 8081, 8082], timeoutMs: 1000 },
  });
  const { way, rules, outcome, difference } = proofOf(ways, kernel, lab.machineOf);
  return { end: ways[0]?.end.kind, source: ways[0]?.headers.source, way, rules, outcome, difference };
};

test('a packet to a service meets the rules that the model names', async () => {
  expect(await traced('b', '10.96.0.1')).toEqual({
    ...{ end: 'delivered', source: '10.244.1.3', way: 0, outcome: 'connected', difference: undefined },
    rules: 3,
  });
});

test('a pod that reaches itself through the service is masqueraded', async () => {
  await machine.sh('ip link set veth-a type bridge_slave hairpin on');
  expect(await traced('a', '10.96.0.1')).toEqual({
    ...{ end: 'delivered', source: '10.244.1.1', way: 0, outcome: 'connected', difference: undefined },
    rules: 4,
  });
});

test('a native table that drops, and a rule that rejects, are in the model and in the trace', async () => {
  expect(await traced('b', '10.96.0.2')).toMatchObject({ end: 'dropped', way: 0, rules: 3, outcome: 'timeout' });
  expect(await traced('b', '10.96.0.3')).toMatchObject({ end: 'rejected', way: 0, rules: 3, outcome: 'refused' });
});

test('a rule that came after the model was read is a difference', async () => {
  const lab = await readLab(access);
  const ways = walkCluster(
    lab.model,
    { destination: '10.96.0.1', destinationPort: 80, sourcePort: 23_457 },
    { machine: 'default/b' },
  );
  await machine.sh('iptables -t nat -I SEP -p tcp -j DNAT --to-destination 10.244.1.2:8080');
  await machine.sh('iptables -t nat -I SVC -j RETURN');
  const kernel = await access.fabric.call('kernelTrace', {
    machines: [{ machine: 'node01', pid: machine.pid }],
    place: { machine: 'node01', pid: machine.pid, podIp: parseIpv4('10.244.1.3') },
    ...{ address: '10.96.0.1', port: 80, protocol: 'tcp', sourcePort: 23_457, ports: [8080], timeoutMs: 1000 },
  });
  await machine.sh('iptables -t nat -D SVC 1; iptables -t nat -D SEP 1');
  expect(proofOf(ways, kernel, lab.machineOf)).toMatchObject({
    way: undefined,
    difference: { machine: 'node01', model: 'ip nat SVC jump SEP', kernel: 'ip nat SVC return' },
  });
});

test('leaves the tables as they were', async () => {
  const before = await machine.sh('nft list ruleset | sed "s/counter packets.*bytes [0-9]*/counter/"');
  await traced('b', '10.96.0.1');
  expect(await machine.sh('nft list ruleset | sed "s/counter packets.*bytes [0-9]*/counter/"')).toEqual(before);
});

test.each([
  ['filters', 'clsact', 'the filters of tc at veth-a (clsact) are not modelled'],
  ['a queue', 'root tbf rate 1mbit burst 10k latency 1ms', 'the queue of veth-a (tc qdisc tbf) is not modelled'],
])('does not guess what %s of tc do', async (_, queue, reason) => {
  const ends = async () => {
    const { model } = await readLab(access);
    return walkCluster(model, { destination: '10.96.0.1', destinationPort: 80 }, { machine: 'default/b' }).map(
      ({ end }) => (end.kind === 'unknown' ? end.reasons.join() : end.kind),
    );
  };
  expect(await ends()).toEqual(['delivered']);
  await machine.sh(`tc qdisc add dev veth-a ${queue}`);
  expect(await ends()).toEqual([reason]);
  await machine.sh(`tc qdisc del dev veth-a ${queue.split(' ')[0]}`);
  expect(await ends()).toEqual(['delivered']);
});

/** Loads a program that drops, and links it to a place: `bpf(2)`, as linux/bpf.h has it. */
const dropping = `
my ($type, $attach, $target, $more) = @ARGV;
my $number = \`uname -m\` =~ /aarch64/ ? 280 : 321;
my $code = pack "CCsl" x 2, 0xb7, 0, 0, $type == 3 ? 2 : 0, 0x95, 0, 0, 0;
my $license = "GPL\\0";
my ($at, $text) = map { unpack "Q", pack "P", $_ } $code, $license;
my $load = pack "IIQQIIQIIx16II", $type, 2, $at, $text, 0, 0, 0, 0, 0, 0, $attach;
my $loaded = syscall $number, 5, $load, length $load;
die "load: $!" if $loaded < 0;
my $link = pack "IIIIIIiI", $loaded, $target, $attach, 0, split / /, $more;
die "link: $!" if syscall($number, 28, $link, length $link) < 0;
sleep;
`;

test.each([
  ['at tcx', '3 46 "$(ip -o link show veth-a | cut -d: -f1)" "0 0 0 0"', 'the BPF program of veth-a (tcx/ingress)'],
  ['at a hook of netfilter', '32 45 0 "2 2 7 0"', 'the BPF program at a hook of netfilter'],
])('does not guess what a program of BPF does: %s', async (_, place, reason) => {
  const ends = async () => {
    const { model } = await readLab(access);
    return walkCluster(model, { destination: '10.244.1.3', destinationPort: 80 }, { machine: 'default/a' }).map(
      ({ end }) => (end.kind === 'unknown' ? end.reasons.join() : end.kind),
    );
  };
  expect(await ends()).toEqual(['delivered']);
  machine.background(`echo $$ > /tmp/bpf.pid; exec perl -e '${dropping}' ${place}`);
  const became = (wanted: string) =>
    eventually(wanted, async () => ((await ends())[0] === wanted ? done(undefined) : notYet((await ends()).join())), {
      timeoutMs: 20_000,
    });
  await became(`${reason} is not modelled`);
  await machine.sh('kill $(cat /tmp/bpf.pid)');
  await became('delivered');
});

test.each([
  ['ip link set cni0 arp off', 'ip link set cni0 arp on', /^ARP is off at cni0/],
  [
    'echo 0 > /proc/sys/net/ipv4/neigh/cni0/mcast_solicit',
    'echo 3 > /proc/sys/net/ipv4/neigh/cni0/mcast_solicit',
    /^net\.ipv4\.neigh\.cni0\.mcast_solicit = 0/,
  ],
  [
    'echo 1 > /proc/sys/net/ipv4/ip_default_ttl',
    'echo 64 > /proc/sys/net/ipv4/ip_default_ttl',
    /^net\.ipv4\.ip_default_ttl = 1 /,
  ],
  [
    'ip route add 10.244.1.2 dev cni0 hoplimit 1',
    'ip route del 10.244.1.2',
    /^the hop limit of the route .* \(hoplimit 1\) is not modelled$/,
  ],
  [
    'bridge fdb flush dev cni0',
    'ip link set cni0 address 02:00:00:00:00:01',
    /^the bridge cni0 has no entry for its own address/,
  ],
])('does not guess what becomes of packets after `%s`', async (script, undo, reason) => {
  const ends = async () => {
    const { model } = await readLab(access);
    return walkCluster(model, { destination: '10.244.1.2', destinationPort: 80 }, { machine: 'node01' }).map(
      ({ end }) => (end.kind === 'unknown' ? end.reasons.join() : end.kind),
    );
  };
  expect(await ends()).toEqual(['delivered']);
  await machine.sh(script);
  expect(await ends()).toEqual([expect.stringMatching(reason)]);
  await machine.sh(undo);
  expect(await ends()).toEqual(['delivered']);
});

test('reads rules of iptables-legacy where there are some, and makes no table where there are none', async () => {
  await using other = await startMachine();
  const read = async () => {
    const all = await methods.dataplane({ machines: [{ machine: 'node02', pid: other.pid }] }, signal);
    return all.find((each) => each.machine === 'node02');
  };
  expect(await read()).toMatchObject({ iptablesLegacy: '', ip6tablesLegacy: '' });
  await other.sh('iptables-legacy -A FORWARD -p udp -j DROP; ip6tables-legacy -A INPUT -p tcp -j DROP');
  expect(await read()).toMatchObject({
    iptablesLegacy: expect.stringContaining('-A FORWARD -p udp -j DROP'),
    ip6tablesLegacy: expect.stringContaining('-A INPUT -p tcp -j DROP'),
  });
});
