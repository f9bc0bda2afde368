// The model of a cluster against real namespaces: two nodes, their bridges and pods, joined by routes or by VXLAN.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerTo } from '../../../src/dataplane/cluster/back.ts';
import { type MachineTexts, readCluster } from '../../../src/dataplane/cluster/model.ts';
import { walkCluster } from '../../../src/dataplane/cluster/walk.ts';
import type { NodeTexts } from '../../../src/dataplane/node/texts.ts';

const prefix = `model-${process.pid}`;
const machines = ['n1', 'n2', 'a1', 'b1', 'a2'] as const;
type Name = (typeof machines)[number];
const addresses: Readonly<Record<Name, string>> = {
  n1: '192.168.56.11',
  n2: '192.168.56.12',
  a1: '10.244.1.5',
  b1: '10.244.1.6',
  a2: '10.244.2.5',
};
const namespace = (name: Name): string => `${prefix}-${name}`;
const run = (name: Name, script: string): string =>
  execFileSync('ip', ['netns', 'exec', namespace(name), 'sh', '-es'], { input: script, encoding: 'utf8' });

let witness: ChildProcess;
let lines: AsyncIterator<string>;
let nextId = 1;
const nextLine = async (): Promise<string> => {
  const { value, done } = await lines.next();
  if (done) throw new Error('the witness ended');
  return value;
};

const pod = (node: Name, name: Name, port: string): string[] => [
  `ip -n ${namespace(node)} link add ${port} type veth peer name eth0 netns ${namespace(name)}`,
  `ip -n ${namespace(node)} link set ${port} up master cni0`,
  `ip -n ${namespace(node)} link set ${port} type bridge_slave hairpin on`,
  `ip -n ${namespace(name)} link set lo up`,
  `ip -n ${namespace(name)} link set eth0 up`,
  `ip -n ${namespace(name)} address add ${addresses[name]}/24 dev eth0`,
  `ip -n ${namespace(name)} route add default via 10.244.${node === 'n1' ? 1 : 2}.1`,
];

beforeAll(async () => {
  const setUp = [
    ...machines.map((name) => `ip netns add ${namespace(name)}`),
    `ip -n ${namespace('n1')} link add eth0 type veth peer name eth0 netns ${namespace('n2')}`,
    ...(['n1', 'n2'] as const).flatMap((node, index) => [
      `ip -n ${namespace(node)} link set lo up`,
      `ip -n ${namespace(node)} link set eth0 up`,
      `ip -n ${namespace(node)} address add ${addresses[node]}/24 dev eth0`,
      // Without its queries, a bridge that was just made forwards at once.
      `ip -n ${namespace(node)} link add cni0 address 0a:00:00:00:01:0${index + 1} type bridge mcast_snooping 0`,
      `ip -n ${namespace(node)} link set cni0 up`,
      `ip -n ${namespace(node)} address add 10.244.${index + 1}.1/24 dev cni0`,
      `ip -n ${namespace(node)} route add 10.96.0.0/12 via 192.168.56.254`,
      `ip -n ${namespace(node)} link add vx0 address 0a:00:00:00:00:0${index + 1} type vxlan id 1 local ${addresses[node]} dstport 8472 nolearning`,
      `ip -n ${namespace(node)} link set vx0 up`,
      `ip -n ${namespace(node)} address add 10.244.${index + 1}.0/32 dev vx0`,
      `ip netns exec ${namespace(node)} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`,
    ]),
    ...pod('n1', 'a1', 'vethA'),
    ...pod('n1', 'b1', 'vethB'),
    ...pod('n2', 'a2', 'vethA'),
  ];
  execFileSync('sh', ['-es'], { input: setUp.join('\n') });
  // On one processor, packets pass the kernel's queues in the order in which they were sent.
  const script = join(import.meta.dirname, '../../support/dataplane/witness.pl');
  witness = spawn('taskset', ['-c', '0', 'perl', script, ...machines.map(namespace)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!witness.stdout) throw new Error('the witness has no output');
  lines = createInterface({ input: witness.stdout })[Symbol.asyncIterator]();
  expect(await nextLine()).toBe('ready');
});
afterAll(async () => {
  const ended = new Promise((resolve) => witness.once('exit', resolve));
  witness.stdin?.end();
  await ended;
  for (const name of machines) execFileSync('ip', ['netns', 'del', namespace(name)]);
});

interface Setting {
  /** Input of iptables-restore in node n1, or n2. */
  readonly n1?: string;
  readonly n2?: string;
  /** Done in n2 after everything else, and how to undo it. */
  readonly back?: readonly [string, string];
  readonly bridgeRules?: boolean;
  readonly hairpin?: boolean;
  readonly overlay?: boolean;
}

const emptied = '*nat\nCOMMIT\n*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n';

const arrange = ({ bridgeRules = false, hairpin = true, overlay = false, back, ...rules }: Setting): void => {
  for (const [index, node] of (['n1', 'n2'] as const).entries()) {
    const other = 2 - index;
    const [address, network] = [`192.168.56.1${other}`, `10.244.${other}.0`];
    const mac = `0a:00:00:00:00:0${other}`;
    const way = overlay
      ? [
          `ip route replace ${network}/24 via ${network} dev vx0 onlink`,
          `ip neigh replace ${network} lladdr ${mac} dev vx0 nud permanent`,
          `bridge fdb replace ${mac} dev vx0 dst ${address}`,
        ]
      : [`ip route replace ${network}/24 via ${address}`];
    run(
      node,
      [
        ...way,
        `iptables-nft-restore <<'END'\n*raw\nCOMMIT\n${rules[node] ?? emptied}END`,
        'conntrack -F >/dev/null 2>&1',
        `echo ${bridgeRules ? 1 : 0} > /proc/sys/net/bridge/bridge-nf-call-iptables`,
        `ip link set vethA type bridge_slave hairpin ${hairpin ? 'on' : 'off'}`,
      ].join('\n'),
    );
  }
  if (back) run('n2', back[0]);
};

const texts = (name: Name): NodeTexts => {
  const commands: Readonly<Record<string, string>> = {
    addresses: 'ip -details -json address',
    routes: 'ip -json route show table all',
    rules: 'ip -json rule',
    neighbours: 'ip -json neigh',
    fdb: 'bridge -json fdb',
    sysctls:
      "grep -sH '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/* /proc/sys/net/bridge/* | " +
      "sed 's#/proc/sys/##; s#:# = #; :a; s#^\\([^ ]*\\)/#\\1.#; ta'",
    iptables: 'iptables-nft-save',
  };
  return {
    ...Object.fromEntries(Object.entries(commands).map(([key, command]) => [key, run(name, command)])),
    recent: {},
  } as unknown as NodeTexts;
};

interface Observation {
  /** Which machine received the packet, and from whom. */
  readonly seen: string;
  /** Whether the receiver's answer came to the sender's socket. */
  readonly answered: boolean;
}

/**
 * Waits until packets that were sent before have arrived.
 * @param unless a pod that packets may not reach
 * @returns lines about those that arrived
 */
const settle = async (from: Name, unless: Name = from): Promise<string[]> => {
  // Control packets to pods go the same ways, and no rule here speaks of them.
  const others = (['a1', 'b1', 'a2'] as const).filter((name) => name !== from && name !== unless);
  const pods = others.map((name) => addresses[name]);
  witness.stdin?.write(`b ${namespace(from)} ${pods.join(' ')}\n`.repeat(2));
  const seen: string[] = [];
  for (let rounds = 0; rounds < 2; ) {
    const line = await nextLine();
    if (line === 'done') rounds += 1;
    else seen.push(line);
  }
  return seen;
};

const observe = async (from: Name, to: string, port: number): Promise<Observation> => {
  const id = nextId++;
  witness.stdin?.write(`u ${namespace(from)} ${to} ${port} ${id}\n`);
  const arrived = (await settle(from)).map((line) => line.split(' ')).filter((words) => Number(words[5]) === id);
  const seen = arrived.map(([, place = '', source, destination, dport]) => ({
    place: place.slice(prefix.length + 1) as Name,
    text: `${place.slice(prefix.length + 1)} ${destination}:${dport} from ${source}`,
  }));
  const [first] = seen;
  if (!first) return { seen: 'nothing', answered: false };
  witness.stdin?.write(`a ${id}\n`);
  await settle(first.place, from);
  witness.stdin?.write(`g ${id}\n`);
  return { seen: seen.map(({ text }) => text).join(', '), answered: (await nextLine()) === 'yes' };
};

const predict = (from: Name, destination: string, destinationPort: number): Observation => {
  const list = machines.map((name): MachineTexts => {
    const kind = name.startsWith('n') ? 'node' : 'pod';
    return { name, kind, ...(kind === 'pod' ? { on: `n${name.slice(1)}` } : {}), texts: texts(name) };
  });
  const cluster = readCluster({ machines: list });
  const [way, ...others] = walkCluster(cluster, { destination, destinationPort, protocol: 'udp' }, { machine: from });
  if (!way || others.length > 0) throw new Error(`there are ${others.length + 1} ways`);
  const { end, headers } = way;
  if (end.kind !== 'delivered') return { seen: 'nothing', answered: false };
  const answer = answerTo(cluster, way);
  if (answer.kind === 'unknown') throw new Error(answer.reasons.join('; '));
  return {
    seen: `${end.machine} ${end.address}:${end.port} from ${headers.source}`,
    answered: answer.kind === 'returns',
  };
};

const service = (endpoint: string, ...more: string[]): string =>
  [
    '*nat',
    `-A PREROUTING -d 10.96.0.1/32 -p udp --dport 80 -j DNAT --to-destination ${endpoint}:8080`,
    `-A OUTPUT -d 10.96.0.1/32 -p udp --dport 80 -j DNAT --to-destination ${endpoint}:8080`,
    `-A POSTROUTING -s ${endpoint} -d ${endpoint} -j MASQUERADE`,
    'COMMIT',
    '*filter',
    ':INPUT ACCEPT',
    ':FORWARD ACCEPT',
    ':OUTPUT ACCEPT',
    ...more,
    'COMMIT',
    '',
  ].join('\n');
const filter = (...rules: string[]): string =>
  ['*nat', 'COMMIT', '*filter', ':INPUT ACCEPT', ':FORWARD ACCEPT', ':OUTPUT ACCEPT', ...rules, 'COMMIT', ''].join(
    '\n',
  );

interface Case {
  readonly name: string;
  readonly setting: Setting;
  readonly from: Name;
  readonly to: string;
  readonly port?: number;
  /** What must be seen, so that a model and an observation that both see nothing do not pass. */
  readonly seen: string;
  /** Default: a packet that is seen is answered. */
  readonly answered?: boolean;
}

const fromA1 = (port: number): string => `:${port} from 10.244.1.5`;
const cases: readonly Case[] = [
  { name: 'to a pod of the same node', setting: {}, from: 'a1', to: '10.244.1.6', seen: `b1 10.244.1.6${fromA1(80)}` },
  {
    name: 'to a pod of another node by a route',
    setting: {},
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
  },
  {
    name: 'to a pod of another node by VXLAN',
    setting: { overlay: true },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
  },
  { name: 'to the other node', setting: {}, from: 'a1', to: '192.168.56.12', seen: `n2 192.168.56.12${fromA1(80)}` },
  {
    name: 'from a node to a pod of another node by VXLAN',
    setting: { overlay: true },
    from: 'n1',
    to: '10.244.2.5',
    seen: 'a2 10.244.2.5:80 from 10.244.1.0',
  },
  { name: 'to an address that nobody has', setting: {}, from: 'a1', to: '10.244.2.77', seen: 'nothing' },
  {
    name: 'to a service on another node',
    setting: { n1: service('10.244.2.5') },
    from: 'a1',
    to: '10.96.0.1',
    seen: `a2 10.244.2.5${fromA1(8080)}`,
  },
  {
    name: 'to a service with a pod of the same node, routed',
    setting: { n1: service('10.244.1.6') },
    from: 'a1',
    to: '10.96.0.1',
    seen: `b1 10.244.1.6${fromA1(8080)}`,
    // The answer stays in the bridge, so nobody gives it the address of the service.
    answered: false,
  },
  {
    name: 'to a service with a pod of the same node, bridged',
    setting: { n1: service('10.244.1.6'), bridgeRules: true },
    from: 'a1',
    to: '10.96.0.1',
    seen: `b1 10.244.1.6${fromA1(8080)}`,
  },
  {
    name: 'to itself by a service, routed',
    setting: { n1: service('10.244.1.5') },
    from: 'a1',
    to: '10.96.0.1',
    seen: 'a1 10.244.1.5:8080 from 10.244.1.1',
  },
  {
    name: 'to itself by a service, bridged with hairpin',
    setting: { n1: service('10.244.1.5'), bridgeRules: true },
    from: 'a1',
    to: '10.96.0.1',
    seen: 'a1 10.244.1.5:8080 from 10.244.1.1',
  },
  {
    name: 'to itself by a service, bridged without hairpin',
    setting: { n1: service('10.244.1.5'), bridgeRules: true, hairpin: false },
    from: 'a1',
    to: '10.96.0.1',
    seen: 'nothing',
  },
  {
    name: 'to itself by a service, routed without hairpin',
    setting: { n1: service('10.244.1.5'), hairpin: false },
    from: 'a1',
    to: '10.96.0.1',
    seen: 'a1 10.244.1.5:8080 from 10.244.1.1',
  },
  {
    name: 'through a drop that sees bridged packets',
    setting: { n1: filter('-A FORWARD -p udp --dport 80 -j DROP'), bridgeRules: true },
    from: 'a1',
    to: '10.244.1.6',
    seen: 'nothing',
  },
  {
    name: 'through a drop that does not see bridged packets',
    setting: { n1: filter('-A FORWARD -p udp --dport 80 -j DROP') },
    from: 'a1',
    to: '10.244.1.6',
    seen: `b1 10.244.1.6${fromA1(80)}`,
  },
  {
    name: 'through a drop by the ports of the bridge',
    setting: {
      n1: filter('-A FORWARD -p udp --dport 80 -m physdev --physdev-in vethA --physdev-out vethB -j DROP'),
      bridgeRules: true,
    },
    from: 'a1',
    to: '10.244.1.6',
    seen: 'nothing',
  },
  {
    name: 'through a drop by another port of the bridge',
    setting: { n1: filter('-A FORWARD -p udp --dport 80 -m physdev --physdev-in vethB -j DROP'), bridgeRules: true },
    from: 'a1',
    to: '10.244.1.6',
    seen: `b1 10.244.1.6${fromA1(80)}`,
  },
  {
    name: 'by a service whose packets are bridged, past a drop for routed ones',
    setting: {
      n1: service('10.244.1.6', '-A FORWARD -p udp --dport 8080 -m physdev ! --physdev-is-bridged -j DROP'),
      bridgeRules: true,
    },
    from: 'a1',
    to: '10.96.0.1',
    seen: `b1 10.244.1.6${fromA1(8080)}`,
  },
  {
    name: 'into a node that drops it',
    setting: { n2: filter('-A FORWARD -p udp --dport 80 -j DROP') },
    from: 'a1',
    to: '10.244.2.5',
    seen: 'nothing',
  },
  {
    name: 'from a node to a service',
    setting: { n1: service('10.244.2.5') },
    from: 'n1',
    to: '10.96.0.1',
    seen: 'a2 10.244.2.5:8080 from 192.168.56.11',
  },
];

/** Cases whose answer goes another way than the packet, or does not arrive. */
const backCases: readonly Case[] = [
  {
    name: 'past a drop of answers',
    setting: { n2: filter('-A FORWARD -p udp --sport 80 -j DROP') },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
    answered: false,
  },
  {
    name: 'past a drop of what belongs to no connection',
    setting: {
      n1: filter('-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT', '-A FORWARD -p udp --sport 80 -j DROP'),
    },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
  },
  {
    name: 'past a drop of connections that were answered',
    setting: { n1: filter('-A FORWARD -p udp -m conntrack --ctstate ESTABLISHED --sport 8080 -j DROP') },
    from: 'a1',
    to: '10.244.2.5',
    port: 8080,
    seen: `a2 10.244.2.5${fromA1(8080)}`,
    answered: false,
  },
  {
    name: 'with a drop of answers in the other direction only',
    setting: { n2: filter('-A FORWARD -p udp --sport 80 -m conntrack --ctdir ORIGINAL -j DROP') },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
  },
  {
    name: 'with a route back that is a blackhole',
    setting: { back: ['ip route add blackhole 10.244.1.5', 'ip route del blackhole 10.244.1.5'] },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
    answered: false,
  },
  {
    name: 'with a policy rule against the way back',
    setting: { back: ['ip rule add to 10.244.1.5 prohibit', 'ip rule del to 10.244.1.5 prohibit'] },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
    answered: false,
  },
  {
    name: 'with a route back that masquerading does not need',
    setting: {
      n1: filter('-A FORWARD -j ACCEPT').replace('*nat', '*nat\n-A POSTROUTING -s 10.244.1.5 -p udp -j MASQUERADE'),
      back: ['ip route add blackhole 10.244.1.5', 'ip route del blackhole 10.244.1.5'],
    },
    from: 'a1',
    to: '10.244.2.5',
    seen: 'a2 10.244.2.5:80 from 192.168.56.11',
  },
  {
    name: 'by VXLAN with an answer into a tunnel that leads nowhere',
    setting: {
      overlay: true,
      back: [
        'ip route add 10.244.1.5 via 10.244.1.9 dev vx0 onlink; ip neigh add 10.244.1.9 lladdr 0a:00:00:00:00:09 dev vx0 nud permanent',
        'ip route del 10.244.1.5 dev vx0; ip neigh del 10.244.1.9 dev vx0',
      ],
    },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
    answered: false,
  },
  {
    name: 'to a service, with an answer that is dropped in the node of the sender',
    setting: { n1: service('10.244.2.5', '-A FORWARD -p udp --sport 8080 -j DROP') },
    from: 'a1',
    to: '10.96.0.1',
    seen: `a2 10.244.2.5${fromA1(8080)}`,
    answered: false,
  },
  {
    name: 'without a connection, because a rule switches conntrack off',
    setting: { n1: `*raw\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n${filter('-A FORWARD -j ACCEPT')}` },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
  },
  {
    name: 'without a connection, past a drop of what belongs to none',
    setting: {
      n1: `*raw\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n${filter('-A FORWARD -p udp --sport 80 -m conntrack --ctstate UNTRACKED -j DROP')}`,
    },
    from: 'a1',
    to: '10.244.2.5',
    seen: `a2 10.244.2.5${fromA1(80)}`,
    answered: false,
  },
];

describe('a packet from a machine', () => {
  test.each([...cases, ...backCases])(
    '$from: $name',
    async ({ setting, from, to, port = 80, seen, answered = seen !== 'nothing' }) => {
      arrange(setting);
      try {
        expect(await observe(from, to, port)).toEqual({ seen, answered });
        expect(predict(from, to, port)).toEqual({ seen, answered });
      } finally {
        if (setting.back) run('n2', setting.back[1]);
      }
    },
  );
});
