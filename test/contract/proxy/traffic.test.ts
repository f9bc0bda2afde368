// Compares `trace`, which predicts from rules, with real connections through the real kernel. The node, its pods and an
// outside client have a network namespace each.
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ServiceSpec } from '../../../src/api/core.ts';
import type { Ruleset } from '../../../src/dataplane/model.ts';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { trace } from '../../../src/dataplane/trace.ts';
import { UndoStack } from '../../../src/kit/undo.ts';
import { type Answer, Peer } from '../../support/proxy/peers.ts';
import { put, World } from '../../support/proxy/world.ts';

const pods = ['10.244.1.2', '10.244.1.3', '10.244.1.4', '10.244.1.5'];
const serviceIp = '10.96.0.20';
const otherPod = '10.244.2.5';
const outsider = '192.168.56.100';
let world: World;
let podNs: string;
let otherPodNs: string;
let clientNs: string;
const peers = new Map<string, Peer>();
const undo = new UndoStack();

const ip = (...argv: string[]): void => void execFileSync('ip', argv, { stdio: ['ignore', 'ignore', 'pipe'] });

beforeAll(async () => {
  world = await World.create();
  undo.push('world', () => world[Symbol.asyncDispose]());
  podNs = `${world.name}p`;
  otherPodNs = `${world.name}o`;
  clientNs = `${world.name}c`;
  for (const name of [podNs, otherPodNs, clientNs]) {
    ip('netns', 'add', name);
    undo.push(`namespace ${name}`, () => ip('netns', 'del', name));
  }
  link(podNs, '10.244.1.1/24', `${pods[0]}/24`);
  for (const pod of pods.slice(1)) ip('-n', podNs, 'addr', 'add', `${pod}/24`, 'dev', 'eth0');
  ip('-n', podNs, 'route', 'add', 'default', 'via', '10.244.1.1');
  link(otherPodNs, '10.244.2.1/24', `${otherPod}/24`);
  ip('-n', otherPodNs, 'route', 'add', 'default', 'via', '10.244.2.1');
  link(clientNs, '192.168.56.11/24', `${outsider}/24`);
  ip('-n', clientNs, 'route', 'add', 'default', 'via', '192.168.56.11');
  // Packets that match no rule leave the node here, as a lab's node sends them to the fabric.
  ip('-n', world.name, 'route', 'add', 'default', 'via', outsider);
  world.exec('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  for (const name of [podNs, otherPodNs, clientNs, world.name]) {
    const peer = await Peer.start(name, name === podNs ? pods : []);
    undo.push(`peer in ${name}`, () => peer[Symbol.asyncDispose]());
    peers.set(name, peer);
  }
});
afterEach(() => world.reset());
afterAll(() => undo[Symbol.asyncDispose]());

/** Creates a veth pair from the node to another namespace, which sees it as eth0. */
const link = (to: string, nodeAddress: string, address: string): void => {
  const near = `v${to.slice(-6)}`;
  ip('-n', world.name, 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', to);
  ip('-n', world.name, 'addr', 'add', nodeAddress, 'dev', near);
  ip('-n', world.name, 'link', 'set', near, 'up');
  for (const device of ['eth0', 'lo']) ip('-n', to, 'link', 'set', device, 'up');
  ip('-n', to, 'addr', 'add', address, 'dev', 'eth0');
};

const web = (spec: Partial<ServiceSpec> = {}) =>
  put.service({
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: serviceIp, ports: [{ name: 'p', port: 80 }], ...spec },
  });
const slice = (ips: readonly string[]) =>
  put.slice({
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: ips.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName: 'n1' })),
  });
const nodePort = { type: 'NodePort' as const, ports: [{ name: 'p', port: 80, nodePort: 30080 }] };
const start = async (...changes: Parameters<World['change']>): Promise<void> => {
  await world.change(...changes);
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
};

test('predicts the outcome of connections, also with foreign rules', async () => {
  await start(web({ ...nodePort, externalTrafficPolicy: 'Local' }), slice(pods.slice(0, 2)));
  const foreign = [
    `-t nat -I PREROUTING -s ${outsider} -p tcp --dport 81 -j DNAT --to-destination ${pods[3]}:8080`,
    '-t nat -I PREROUTING -p tcp --dport 82 -j REDIRECT --to-ports 30080',
    `-t nat -A POSTROUTING -s ${outsider} -d ${pods[3]} -j SNAT --to-source 10.244.1.1`,
    `-A FORWARD -s ${otherPod} -d ${pods[2]} -p tcp -j REJECT --reject-with tcp-reset`,
    `-I FORWARD -s ${otherPod} -d ${pods[1]} -m multiport -p tcp --dports 79:81,8080 -j ACCEPT`,
  ];
  for (const rule of foreign) world.exec('iptables', ...rule.split(' '));
  const rules = parseRuleset(world.save());
  // No case starts at an endpoint: the endpoints share a namespace, and it refuses packets from its own addresses.
  const cases = [
    { namespace: clientNs, from: outsider, host: serviceIp, port: 80 },
    { namespace: clientNs, from: outsider, host: '192.168.56.11', port: 30080 },
    { namespace: clientNs, from: outsider, host: '192.168.56.11', port: 81 },
    { namespace: clientNs, from: outsider, host: '192.168.56.11', port: 83 },
    { namespace: otherPodNs, from: otherPod, host: serviceIp, port: 80 },
    { namespace: otherPodNs, from: otherPod, host: pods[2] ?? '', port: 8080 },
    { namespace: otherPodNs, from: otherPod, host: '192.168.56.11', port: 30080 },
    { namespace: world.name, from: '192.168.56.11', host: '192.168.56.11', port: 30080 },
    { namespace: world.name, from: '127.0.0.1', host: '127.0.0.1', port: 30080 },
  ];
  for (const each of cases) await expectAsTraced(rules, each);
});

test('predicts the outcome when a pod reaches itself by a node port', async () => {
  await start(web({ ...nodePort, externalTrafficPolicy: 'Local' }), slice(pods.slice(0, 1)));
  const from = pods[0] ?? '';
  const answer = await expectAsTraced(parseRuleset(world.save()), {
    namespace: podNs,
    from,
    host: '10.244.1.1',
    port: 30080,
  });
  expect(answer?.at).toBe(from);
});

const localAddresses = ['192.168.56.11', '10.244.1.1', '10.244.2.1'];

interface Connection {
  readonly namespace: string;
  readonly from: string;
  readonly host: string;
  readonly port: number;
}

/** Opens a real connection and compares its outcome with the result of `trace`. */
const expectAsTraced = async (
  rules: Ruleset,
  { namespace, from, host, port }: Connection,
): Promise<Answer | undefined> => {
  const ways = trace(rules, { from, to: `${host}:${port}` }, { localAddresses, recent: () => [] });
  const answers = await peers.get(namespace)?.ask({ kind: 'tcp', host, port, timeoutMs: 2000 });
  const answer = answers?.[0];
  const message = `${from} → ${host}:${port}: ${JSON.stringify({ answer, ways: ways.map(({ path: _, ...way }) => way) })}`;
  if (answer?.error) {
    expect(
      ways.every(({ fate, route }) => fate === 'rejected' || route === 'local'),
      message,
    ).toBe(true);
    return answer;
  }
  const way = ways.find(({ lands, fate }) => fate === 'accepted' && lands === `${answer?.at}:8080`);
  expect(way, message).toBeDefined();
  // The endpoint sees the client's address, or with masquerading an address of the node.
  if (way?.masq) expect(localAddresses, message).toContain(answer?.from);
  else expect(answer?.from, message).toBe(way?.source);
  return answer;
};
