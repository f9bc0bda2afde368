// A packet's way through machines, bridges, veth pairs and tunnels.
import { describe, expect, test } from 'vitest';
import { type Cable, type MachineTexts, readCluster } from '../../../../src/dataplane/cluster/model.ts';
import { walkCluster } from '../../../../src/dataplane/cluster/walk.ts';
import type { Way } from '../../../../src/dataplane/cluster/way.ts';
import type { Entry, SentPacket } from '../../../../src/dataplane/node/packet.ts';
import type { NodeTexts } from '../../../../src/dataplane/node/texts.ts';
import { saved, textsOf } from '../../../support/dataplane/texts.ts';

const bridge = { linkinfo: { info_kind: 'bridge' } };
const port = (master: string, hairpin = true) => ({
  master,
  linkinfo: { info_kind: 'veth', info_slave_data: { hairpin } },
});

interface NodeOptions {
  readonly number: number;
  readonly rest?: Partial<NodeTexts>;
  /** Pods of other nodes are reached by VXLAN, not by routes. */
  readonly overlay?: boolean;
  readonly sysctls?: string;
}

const nodeTexts = ({ number, rest = {}, overlay = false, sysctls = '' }: NodeOptions): NodeTexts => {
  const other = 3 - number;
  const via = overlay
    ? { dst: `10.244.${other}.0/24`, gateway: `10.244.${other}.0`, dev: 'vx0', flags: ['onlink'] }
    : { dst: `10.244.${other}.0/24`, gateway: `192.168.56.1${other}`, dev: 'eth0', flags: [] };
  const vxlan = {
    linkinfo: { info_kind: 'vxlan', info_data: { id: 1, local: `192.168.56.1${number}`, port: 8472 } },
    address: `0a:00:00:00:00:0${number}`,
  };
  return textsOf(
    {
      eth0: [`192.168.56.1${number}/24`],
      cni0: [`10.244.${number}.1/24`],
      vethA: [],
      vethB: [],
      ...(overlay ? { vx0: [`10.244.${number}.0/32`] } : {}),
    },
    [via, { dst: 'default', gateway: '192.168.56.1', dev: 'eth0', flags: [] }],
    {
      sysctls: `net.ipv4.ip_forward = 1\n${sysctls}`,
      fdb: JSON.stringify([
        { mac: `0a:00:00:00:00:0${other}`, ifname: 'vx0', dst: `192.168.56.1${other}`, flags: ['self'] },
      ]),
      neighbours: JSON.stringify([
        { dst: `10.244.${other}.0`, dev: 'vx0', lladdr: `0a:00:00:00:00:0${other}`, state: ['PERMANENT'] },
      ]),
      ...rest,
    },
    { cni0: bridge, vethA: port('cni0'), vethB: port('cni0'), ...(overlay ? { vx0: vxlan } : {}) },
  );
};

const podTexts = (node: number, host: number): NodeTexts =>
  textsOf(
    { eth0: [`10.244.${node}.${host}/24`] },
    [{ dst: 'default', gateway: `10.244.${node}.1`, dev: 'eth0', flags: [] }],
    {
      sysctls: '',
      listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 8080 }],
    },
  );

/** Queues and br_netfilter of the fabric. */
type Changes = Omit<NodeOptions, 'number'> & { readonly queues?: readonly object[]; readonly asksRules?: boolean };

const clusterOf = ({ queues = [], asksRules = false, ...changes }: Changes = {}) => {
  const machines: MachineTexts[] = [
    {
      name: 'fabric',
      kind: 'fabric',
      texts: textsOf(
        { lab0: ['192.168.56.1/24'], p1: [], p2: [], p9: [] },
        [],
        {
          sysctls: asksRules ? 'net.bridge.bridge-nf-call-iptables = 1' : '',
          queues: JSON.stringify(queues),
        },
        { lab0: bridge, p1: port('lab0', false), p2: port('lab0', false), p9: port('lab0', false) },
      ),
    },
    {
      name: 'client',
      kind: 'client',
      texts: textsOf(
        { eth0: ['192.168.56.9/24'] },
        [{ dst: 'default', gateway: '192.168.56.1', dev: 'eth0', flags: [] }],
        { sysctls: '' },
      ),
    },
    ...[1, 2].flatMap((number): MachineTexts[] => [
      { name: `node0${number}`, kind: 'node', texts: nodeTexts({ number, ...changes }) },
      { name: `a${number}`, kind: 'pod', on: `node0${number}`, texts: podTexts(number, 5) },
      { name: `b${number}`, kind: 'pod', on: `node0${number}`, texts: podTexts(number, 6) },
    ]),
  ];
  const cable = (machine: string, link: string, other: string, end = 'eth0'): Cable => ({
    one: { machine, link },
    other: { machine: other, link: end },
  });
  const cables = [
    cable('fabric', 'p1', 'node01'),
    cable('fabric', 'p2', 'node02'),
    cable('fabric', 'p9', 'client'),
    ...[1, 2].flatMap((number) => [
      cable(`node0${number}`, 'vethA', `a${number}`),
      cable(`node0${number}`, 'vethB', `b${number}`),
    ]),
  ];
  return readCluster({ machines, cables });
};

const brief = ({ hops, end, headers, probability }: Way): string => {
  const where = hops.map(({ machine }) => machine).join(' ');
  const what =
    end.kind === 'delivered'
      ? `${end.to} ${end.machine} ${end.address}:${end.port}${end.listening ? '' : ' closed'}`
      : `${end.kind} in ${end.machine}`;
  return `${where}: ${what} from ${headers.source}${probability < 1 ? ` ${probability.toFixed(2)}` : ''}`;
};
const walk = (changes: Changes, from: string, to: string, portNumber = 8080, entry?: Entry): string[] => {
  const packet: SentPacket = { destination: to, destinationPort: portNumber };
  return walkCluster(clusterOf(changes), packet, { machine: from, ...(entry ? { entry } : {}) }).map(brief);
};

const service = (...endpoints: string[]): string =>
  saved(
    [
      '*nat',
      ':SVC - [0:0]',
      '-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j SVC',
      '-A PREROUTING -d 192.168.56.0/24 -p tcp -m tcp --dport 30080 -j SVC',
      ...endpoints.map(
        (endpoint, index) =>
          `-A SVC -m statistic --mode random --probability ${(1 / (endpoints.length - index)).toFixed(11)} -p tcp -j DNAT --to-destination ${endpoint}:8080`,
      ),
      '-A POSTROUTING -s 192.168.56.9/32 -j MASQUERADE',
      '-A POSTROUTING -s 10.244.1.5/32 -d 10.244.1.5/32 -j MASQUERADE',
    ].join('\n'),
  );

describe('pod to pod', () => {
  test('by the bridge of one node', () =>
    expect(walk({}, 'a1', '10.244.1.6')).toEqual(['a1 b1: pod b1 10.244.1.6:8080 from 10.244.1.5']));

  test('to another node by a route', () =>
    expect(walk({}, 'a1', '10.244.2.5')).toEqual(['a1 node01 node02 a2: pod a2 10.244.2.5:8080 from 10.244.1.5']));

  test('to another node by VXLAN, whose own packet is walked, too', () => {
    const [way] = walkCluster(
      clusterOf({ overlay: true }),
      { destination: '10.244.2.5', destinationPort: 8080 },
      { machine: 'a1' },
    );
    expect(way && brief(way)).toBe('a1 node01 node02 a2: pod a2 10.244.2.5:8080 from 10.244.1.5');
    const next = way?.hops[1]?.next;
    expect(next?.through).toEqual(['VXLAN 1 from node01 to 192.168.56.12:8472']);
    expect(next?.tunnel?.map(({ machine }) => machine)).toEqual(['node01', 'node02']);
  });

  test('a rule that drops the packet of the tunnel ends the way', () => {
    const rest = { iptables: saved('-A INPUT -p udp -m udp --dport 8472 -j DROP') };
    expect(walk({ overlay: true, rest }, 'a1', '10.244.2.5')).toEqual(['a1 node01: dropped in node02 from 10.244.1.5']);
  });

  test('a port that nobody listens at is delivered, but closed', () =>
    expect(walk({}, 'a1', '10.244.2.5', 81)).toEqual([
      'a1 node01 node02 a2: pod a2 10.244.2.5:81 closed from 10.244.1.5',
    ]));

  test('an address that nobody has cannot be reached', () =>
    expect(walk({}, 'a1', '10.244.2.99')).toEqual(['a1 node01 node02: unroutable in node02 from 10.244.1.5']));
});

describe('the queue of a port of the fabric, which only labs sets', () => {
  const netem = (dev: string, options: object) => ({ kind: 'netem', dev, root: true, options });
  const loss = (share: number) => ({ limit: 1000, 'loss-random': { loss: share, correlation: 0 } });
  const arrives = ['a1 node01 node02 a2: pod a2 10.244.2.5:8080 from 10.244.1.5'];

  test.each([
    ['a delay', netem('p2', { limit: 1000, delay: { delay: 0.02, jitter: 0, correlation: 0 } })],
    ['a rate', { kind: 'tbf', dev: 'p2', root: true, options: { rate: 1000, burst: 2000, lat: 1 } }],
    ['a loss of nothing', netem('p2', loss(0))],
    ['a loss at the port by which the packet comes', netem('p1', loss(1))],
  ])('lets a packet pass with %s', (_, queue) => {
    expect(walk({ queues: [queue] }, 'a1', '10.244.2.5')).toEqual(arrives);
  });

  test('lets a packet pass that it may lose, and says so', () => {
    // The kernel keeps a share in 32 bits.
    const cluster = clusterOf({ queues: [netem('p2', loss(0.0499999998))] });
    const [way] = walkCluster(cluster, { destination: '10.244.2.5', destinationPort: 8080 }, { machine: 'a1' });
    expect(way && brief(way)).toBe(arrives[0]);
    expect(way?.hops[1]?.next?.through).toEqual(['bridge lab0 of fabric', 'loss 5%']);
  });

  test('does the same where the bridge asks its rules', () => {
    const packet = { destination: '10.244.2.5', destinationPort: 8080 };
    const some = clusterOf({ asksRules: true, queues: [netem('p2', loss(0.05))] });
    const [way] = walkCluster(some, packet, { machine: 'a1' });
    expect(way && brief(way)).toBe('a1 node01 fabric node02 a2: pod a2 10.244.2.5:8080 from 10.244.1.5');
    expect(way?.hops[2]?.next?.through).toEqual(['loss 5%']);
    expect(walk({ asksRules: true, queues: [netem('p2', loss(1))] }, 'a1', '10.244.2.5')).toEqual([
      'a1 node01 fabric: dropped in fabric from 10.244.1.5',
    ]);
  });

  test('drops a packet that it surely loses', () => {
    const cluster = clusterOf({ queues: [netem('p2', loss(1))] });
    const ways = walkCluster(cluster, { destination: '10.244.2.5', destinationPort: 8080 }, { machine: 'a1' });
    expect(ways.map(({ end }) => end)).toEqual([
      { kind: 'dropped', machine: 'fabric', by: 'the lab gives this link a loss of 100%', step: undefined },
    ]);
  });

  test('of a node stays unknown, because the student may have set it', () => {
    const rest = { queues: JSON.stringify([netem('eth0', loss(0.05))]) };
    expect(walk({ rest }, 'a1', '10.244.2.5')).toEqual(['a1 node01: unknown in node01 from 10.244.1.5']);
  });
});

describe('to a service', () => {
  test('each endpoint has its share', () =>
    expect(walk({ rest: { iptables: service('10.244.1.6', '10.244.2.5') } }, 'a1', '10.96.0.1', 80).toSorted()).toEqual(
      [
        'a1 node01 b1: pod b1 10.244.1.6:8080 from 10.244.1.5 0.50',
        'a1 node01 node02 a2: pod a2 10.244.2.5:8080 from 10.244.1.5 0.50',
      ],
    ));

  test('a client reaches a node port, and the node masquerades it', () =>
    expect(walk({ rest: { iptables: service('10.244.2.5') } }, 'client', '192.168.56.11', 30_080)).toEqual([
      'client node01 node02 a2: pod a2 10.244.2.5:8080 from 192.168.56.11',
    ]));

  test('without rules, the packet ends in the fabric', () =>
    expect(walk({}, 'a1', '10.96.0.1', 80)).toEqual(['a1 node01 fabric: dropped in fabric from 10.244.1.5']));

  test.each([
    [true, 'a1 node01 a1: pod a1 10.244.1.5:8080 from 10.244.1.1'],
    [false, 'a1 node01: unroutable in node01 from 10.244.1.1'],
  ])('hairpin of the port %s: a pod that reaches itself', (hairpin, expected) => {
    const rest: Partial<NodeTexts> = { iptables: service('10.244.1.5') };
    const sysctls = 'net.bridge.bridge-nf-call-iptables = 1';
    const texts = nodeTexts({ number: 1, rest, sysctls });
    const addresses = hairpin ? texts.addresses : texts.addresses.replaceAll('"hairpin":true', '"hairpin":false');
    expect(walk({ rest: { ...rest, addresses }, sysctls }, 'a1', '10.96.0.1', 80)[0]).toBe(expected);
  });
});

test('rules see bridged packets only with bridge-nf-call-iptables', () => {
  const rest = { iptables: saved('-A FORWARD -m physdev --physdev-in vethA --physdev-out vethB -j REJECT') };
  expect(walk({ rest }, 'a1', '10.244.1.6')).toEqual(['a1 b1: pod b1 10.244.1.6:8080 from 10.244.1.5']);
  const sysctls = 'net.bridge.bridge-nf-call-iptables = 1';
  expect(walk({ rest, sysctls }, 'a1', '10.244.1.6')).toEqual(['a1 node01: rejected in node01 from 10.244.1.5']);
});

test.each([
  ['netdev', { hook: 'egress', dev: 'vethB' }, '10.244.1.6', 'unknown in node01'],
  ['netdev', { hook: 'ingress', dev: 'vethA' }, '10.244.1.6', 'unknown in node01'],
  ['netdev', { hook: 'egress', dev: 'vethB' }, '10.244.2.6', 'unknown in node02'],
  ['netdev', { hook: 'egress', dev: 'eth0' }, '10.244.2.6', 'unknown in node01'],
  ['netdev', { hook: 'egress', dev: 'eth0' }, '10.244.1.6', 'pod b1'],
  ['bridge', { hook: 'forward' }, '10.244.1.6', 'unknown in node01'],
  ['bridge', { hook: 'prerouting' }, '10.244.2.6', 'unknown in node01'],
] as const)('a chain of table %s that labs does not follow: %o, to %s: %s', (family, chain, to, end) => {
  const own = { family, table: 'n', handle: 2 };
  const nft = JSON.stringify({
    nftables: [
      { chain: { ...own, name: 'c', type: 'filter', prio: 0, policy: 'accept', ...chain } },
      { rule: { ...own, chain: 'c', expr: [{ drop: null }] } },
    ],
  });
  expect(walk({ rest: { nft } }, 'a1', to)[0]).toContain(`: ${end}`);
});

describe('ports of a bridge', () => {
  const withPorts = (ports: Readonly<Record<string, object>>, to: string, rest: Partial<NodeTexts> = {}): Way[] => {
    const links = JSON.parse(nodeTexts({ number: 1 }).addresses) as { ifname: string; linkinfo?: object }[];
    const addresses = links.map((link) => {
      const linkinfo = { info_kind: 'veth', info_slave_data: { hairpin: true, ...ports[link.ifname] } };
      return link.ifname in ports ? { ...link, linkinfo } : link;
    });
    const cluster = clusterOf({ rest: { addresses: JSON.stringify(addresses), ...rest } });
    return walkCluster(cluster, { destination: to, destinationPort: 8080 }, { machine: 'a1' });
  };
  const off = { learning: false, flood: false };
  const fdbOf = (ifname: string) => ({ fdb: JSON.stringify([{ mac: '02:00:00:00:00:01', ifname }]) });
  test.each([
    ['forwarding', { vethB: { state: 'forwarding' } }, '10.244.1.6', 'pod b1'],
    ['disabled, where the frame leaves', { vethB: { state: 'disabled' } }, '10.244.1.6', 'dropped in node01'],
    ['blocking, where it comes from', { vethA: { state: 'blocking' } }, '10.244.1.6', 'dropped in node01'],
    ['disabled, to the machine itself', { vethA: { state: 'disabled' } }, '10.244.2.5', 'dropped in node01'],
    ['both isolated', { vethA: { isolated: true }, vethB: { isolated: true } }, '10.244.1.6', 'dropped in node01'],
    ['one isolated', { vethA: { isolated: true } }, '10.244.1.6', 'pod b1'],
    ['without learning', { vethB: { learning: false } }, '10.244.1.6', 'pod b1'],
    ['without flooding', { vethB: { flood: false } }, '10.244.1.6', 'pod b1'],
    ['without both', { vethB: off }, '10.244.1.6', 'unknown in a1'],
    ['without both, for the answer to ARP', { vethA: off }, '10.244.1.6', 'unknown in a1'],
    ['without broadcasts', { vethB: { bcast_flood: false } }, '10.244.1.6', 'unknown in a1'],
    ['locked', { vethA: { locked: true } }, '10.244.1.6', 'unknown in a1'],
    ['without both, with an entry', { vethB: off }, '10.244.1.6', 'pod b1', fdbOf('vethB')],
    ['locked, with an entry', { vethA: { locked: true } }, '10.244.1.6', 'pod b1', fdbOf('vethA')],
  ] as const)('%s', (_name, ports, to, end, rest: Partial<NodeTexts> = {}) => {
    const [way, ...others] = withPorts(ports, to, rest);
    expect(others).toEqual([]);
    expect(way && brief(way)).toContain(`: ${end}`);
  });

  test('a drop names the port', () =>
    expect(withPorts({ vethB: { state: 'disabled' } }, '10.244.1.6')[0]?.end).toMatchObject({
      by: 'the port vethB of the bridge cni0 is in the state disabled',
    }));
});

test('a packet that two nodes send to each other loops', () => {
  const toEachOther = (number: number) => [
    { dst: '192.0.2.0/24', gateway: `192.168.56.1${3 - number}`, dev: 'eth0', flags: [] },
  ];
  const machines: MachineTexts[] = [1, 2].map((number) => ({
    name: `node0${number}`,
    kind: 'node',
    texts: textsOf({ eth0: [`192.168.56.1${number}/24`] }, toEachOther(number)),
  }));
  const cables = [{ one: { machine: 'node01', link: 'eth0' }, other: { machine: 'node02', link: 'eth0' } }];
  const ways = walkCluster(
    readCluster({ machines, cables }),
    { source: '192.168.56.9', destination: '192.0.2.1' },
    { machine: 'node01', entry: { kind: 'link', link: 'eth0' } },
  );
  expect(ways.map(({ end }) => end.kind)).toEqual(['loop']);
});

test('the ends of veth pairs are found by their numbers', () => {
  const veth = (index: number, peer: number) => ({
    ifindex: index,
    link_index: peer,
    link_netnsid: 0,
    linkinfo: { info_kind: 'veth' },
  });
  const pod = (name: string, on: string, address: string, index: number): MachineTexts => ({
    name,
    kind: 'pod',
    on,
    texts: textsOf({ eth0: [address] }, [], {}, { eth0: veth(2, index) }),
  });
  const machines: MachineTexts[] = [
    {
      name: 'n1',
      kind: 'node',
      texts: textsOf({ v1: ['10.0.0.1/24'], v2: ['10.0.1.1/24'] }, [], {}, { v1: veth(7, 2), v2: veth(8, 2) }),
    },
    { name: 'n2', kind: 'node', texts: textsOf({ v1: ['10.0.2.1/24'] }, [], {}, { v1: veth(7, 2) }) },
    pod('p1', 'n1', '10.0.0.2/24', 7),
    pod('p2', 'n1', '10.0.1.2/24', 8),
    pod('p3', 'n2', '10.0.2.2/24', 7),
  ];
  const ends = ['10.0.0.2', '10.0.1.2'].map(
    (destination) => walkCluster(readCluster({ machines }), { destination }, { machine: 'n1' })[0]?.end,
  );
  expect(ends).toMatchObject([{ machine: 'p1' }, { machine: 'p2' }]);
  expect(walkCluster(readCluster({ machines }), { destination: '10.0.2.2' }, { machine: 'n2' })[0]?.end).toMatchObject({
    machine: 'p3',
  });
});
