// Real connections through the real kernel: a node, its pods, and a client outside, each in a network namespace of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../../src/api/core.ts';
import type { Ruleset } from '../../../src/dataplane/model.ts';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { trace } from '../../../src/dataplane/trace.ts';
import { put, World } from './world.ts';

interface Answer {
  readonly at?: string;
  readonly from?: string;
  readonly error?: string;
}

const pods = ['10.244.1.2', '10.244.1.3', '10.244.1.4', '10.244.1.5'];
const serviceIp = '10.96.0.20';
const otherPod = '10.244.2.5';
const outsider = '192.168.56.100';
const here = import.meta.dirname;
let world: World;
let podNs: string;
let otherPodNs: string;
let clientNs: string;
let server: ChildProcess;

const ip = (...argv: string[]): void => void execFileSync('ip', argv, { stdio: ['ignore', 'ignore', 'pipe'] });

beforeEach(async () => {
  world = await World.create();
  podNs = `${world.name}p`;
  otherPodNs = `${world.name}o`;
  clientNs = `${world.name}c`;
  for (const name of [podNs, otherPodNs, clientNs]) ip('netns', 'add', name);
  link(podNs, '10.244.1.1/24', `${pods[0]}/24`);
  for (const pod of pods.slice(1)) ip('-n', podNs, 'addr', 'add', `${pod}/24`, 'dev', 'eth0');
  ip('-n', podNs, 'route', 'add', 'default', 'via', '10.244.1.1');
  link(otherPodNs, '10.244.2.1/24', `${otherPod}/24`);
  ip('-n', otherPodNs, 'route', 'add', 'default', 'via', '10.244.2.1');
  link(clientNs, '192.168.56.11/24', `${outsider}/24`);
  ip('-n', clientNs, 'route', 'add', 'default', 'via', '192.168.56.11');
  // What no rule takes leaves the node here, as it leaves a lab's node for the fabric.
  ip('-n', world.name, 'route', 'add', 'default', 'via', outsider);
  world.exec('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  server = spawn('ip', ['netns', 'exec', podNs, process.execPath, join(here, 'traffic-server.ts'), ...pods]);
  await new Promise((resolve) => server.stdout?.once('data', resolve));
});

afterEach(async () => {
  server.kill('SIGKILL');
  for (const name of [podNs, otherPodNs, clientNs]) ip('netns', 'del', name);
  await world[Symbol.asyncDispose]();
});

/** A veth pair from the node to another namespace, where it is eth0. */
const link = (to: string, nodeAddress: string, address: string): void => {
  const near = `v${to.slice(-6)}`;
  ip('-n', world.name, 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', to);
  ip('-n', world.name, 'addr', 'add', nodeAddress, 'dev', near);
  ip('-n', world.name, 'link', 'set', near, 'up');
  for (const device of ['eth0', 'lo']) ip('-n', to, 'link', 'set', device, 'up');
  ip('-n', to, 'addr', 'add', address, 'dev', 'eth0');
};

const ask = (namespace: string, kind: 'tcp' | 'udp', host: string, port: number, count = 1): Answer[] => {
  const argv = [process.execPath, join(here, 'traffic-client.ts'), kind, host, String(port), String(count)];
  return JSON.parse(execFileSync('ip', ['netns', 'exec', namespace, ...argv], { encoding: 'utf8' })) as Answer[];
};

const web = (spec: Partial<ServiceSpec> = {}) =>
  put.service({
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: serviceIp, ports: [{ name: 'p', port: 80 }], ...spec },
  });
const slice = (ips: readonly string[], protocol: 'TCP' | 'UDP' = 'TCP') =>
  put.slice({
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol, port: 8080 }],
    endpoints: ips.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName: 'n1' })),
  });
const nodePort = { type: 'NodePort' as const, ports: [{ name: 'p', port: 80, nodePort: 30080 }] };
const start = async (...changes: Parameters<World['change']>): Promise<void> => {
  await world.change(...changes);
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
};

describe('connections', () => {
  test('from a pod reach an endpoint, which sees the pod; a pod that reaches itself sees the node', async () => {
    await start(web(), slice([pods[1] ?? '']));
    expect(ask(otherPodNs, 'tcp', serviceIp, 80)).toEqual([{ at: pods[1], from: otherPod }]);
    await world.change(slice([pods[0] ?? '']));
    await world.until('the change is in the kernel', () => world.save().includes(`--to-destination ${pods[0]}:8080`));
    expect(ask(podNs, 'tcp', serviceIp, 80)).toEqual([{ at: pods[0], from: '10.244.1.1' }]);
  });

  test('from outside reach a cluster IP masqueraded, where it is routed to the node', async () => {
    await start(web(), slice(pods));
    expect(ask(clientNs, 'tcp', serviceIp, 80)[0]?.from).toBe('10.244.1.1');
  });

  test('from outside reach a node port; policy Local lets the endpoint see the client', async () => {
    await start(web(nodePort), slice(pods));
    expect(ask(clientNs, 'tcp', '192.168.56.11', 30080)[0]?.from).toBe('10.244.1.1');
    await world.change(web({ ...nodePort, externalTrafficPolicy: 'Local' }));
    await world.until('policy Local is in the kernel', () => world.save().includes('KUBE-SVL-'));
    expect(ask(clientNs, 'tcp', '192.168.56.11', 30080)[0]?.from).toBe(outsider);
  });

  test('from the node reach a node port on localhost', async () => {
    await start(web(nodePort), slice(pods));
    expect(ask(world.name, 'tcp', '127.0.0.1', 30080)[0]?.at).toMatch(/^10\.244\.1\./);
  });

  test('to a service without endpoints are refused at once', async () => {
    await start(web(nodePort));
    expect(ask(clientNs, 'tcp', '192.168.56.11', 30080)).toEqual([{ error: 'ECONNREFUSED' }]);
    expect(ask(otherPodNs, 'tcp', serviceIp, 80)).toEqual([{ error: 'ECONNREFUSED' }]);
  });

  test('spread evenly: 2,000 of them over four endpoints pass the χ² test', async () => {
    await start(web(), slice(pods));
    const answers = ask(clientNs, 'tcp', serviceIp, 80, 2000);
    const counts = pods.map((pod) => answers.filter(({ at }) => at === pod).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2000);
    const chiSquare = counts.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
    // Three degrees of freedom: fair dice exceed it once in a million runs.
    expect(chiSquare).toBeLessThan(30.7);
  });

  test('with ClientIP affinity all go to one endpoint', async () => {
    await start(web({ sessionAffinity: 'ClientIP' }), slice(pods));
    expect(new Set(ask(clientNs, 'tcp', serviceIp, 80, 50).map(({ at }) => at)).size).toBe(1);
  });

  test('never fail while endpoints change under them', async () => {
    await start(web(), slice(pods));
    const argv = [process.execPath, join(here, 'traffic-client.ts'), 'until-eof', serviceIp, '80'];
    const client = spawn('ip', ['netns', 'exec', clientNs, ...argv]);
    let output = '';
    client.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await new Promise((resolve) => client.stderr.once('data', resolve));
    const syncs = () => world.log().match(/SyncProxyRules complete/g)?.length ?? 0;
    const before = syncs();
    for (let round = 0; round < 60; round++) {
      const rotated = [...pods.slice(round % 4), ...pods.slice(0, round % 4)].slice(0, 1 + (round % 3));
      const seen = syncs();
      await world.change(slice(rotated));
      await world.until('the change is in the kernel', () => syncs() > seen);
    }
    expect(syncs() - before).toBeGreaterThanOrEqual(60);
    client.stdin.end();
    await new Promise((resolve) => client.once('close', resolve));
    const answers = JSON.parse(output) as Answer[];
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter(({ error }) => error)).toEqual([]);
  });
});

test('go where trace says they go, also after somebody added rules of their own', async () => {
  await start(web({ ...nodePort, externalTrafficPolicy: 'Local' }), slice(pods.slice(0, 2)));
  const foreign = [
    [
      '-t',
      'nat',
      '-I',
      'PREROUTING',
      '-s',
      outsider,
      '-p',
      'tcp',
      '--dport',
      '81',
      '-j',
      'DNAT',
      '--to-destination',
      `${pods[3]}:8080`,
    ],
    ['-t', 'nat', '-I', 'PREROUTING', '-p', 'tcp', '--dport', '82', '-j', 'REDIRECT', '--to-ports', '30080'],
    ['-t', 'nat', '-A', 'POSTROUTING', '-s', outsider, '-d', `${pods[3]}`, '-j', 'SNAT', '--to-source', '10.244.1.1'],
    ['-A', 'FORWARD', '-s', otherPod, '-d', `${pods[2]}`, '-p', 'tcp', '-j', 'REJECT', '--reject-with', 'tcp-reset'],
    [
      '-I',
      'FORWARD',
      '-s',
      otherPod,
      '-d',
      `${pods[1]}`,
      '-m',
      'multiport',
      '-p',
      'tcp',
      '--dports',
      '79:81,8080',
      '-j',
      'ACCEPT',
    ],
  ];
  for (const rule of foreign) world.exec('iptables', ...rule);
  const rules = parseRuleset(world.save());
  // From none of the endpoints: they share a namespace here, which takes no packet from an address of its own.
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
  for (const each of cases) expectAsTraced(rules, each);
});

test('go where trace says they go when a pod reaches itself by a node port', async () => {
  await start(web({ ...nodePort, externalTrafficPolicy: 'Local' }), slice(pods.slice(0, 1)));
  const from = pods[0] ?? '';
  const answer = expectAsTraced(parseRuleset(world.save()), {
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

/** Connects for real, and holds what happens against what `trace` says of the same packet. */
const expectAsTraced = (rules: Ruleset, { namespace, from, host, port }: Connection): Answer | undefined => {
  const ways = trace(rules, { from, to: `${host}:${port}` }, { localAddresses });
  const [answer] = ask(namespace, 'tcp', host, port);
  const message = `${from} → ${host}:${port}: ${JSON.stringify({ answer, ways: ways.map(({ path: _, ...way }) => way) })}`;
  if (answer?.error) {
    expect(
      ways.every(({ fate, way }) => fate === 'rejected' || way === 'local'),
      message,
    ).toBe(true);
    return answer;
  }
  const way = ways.find(({ lands, fate }) => fate === 'accepted' && lands === `${answer?.at}:8080`);
  expect(way, message).toBeDefined();
  // Whose address is kept is seen as it is; whose is not, as the node's.
  if (way?.masq) expect(localAddresses, message).toContain(answer?.from);
  else expect(answer?.from, message).toBe(way?.source);
  return answer;
};

test('a UDP client is sent to another endpoint when its own is lost', async () => {
  const udp = { ports: [{ name: 'p', port: 80, protocol: 'UDP' as const }] };
  await start(web(udp), slice([pods[0] ?? ''], 'UDP'));
  expect(ask(clientNs, 'udp', serviceIp, 80, 2).map(({ at }) => at)).toEqual([pods[0], pods[0]]);
  await world.change(slice([pods[1] ?? ''], 'UDP'));
  await world.until('the change is in the kernel', () => world.save().includes(`--to-destination ${pods[1]}:8080`));
  await world.until('its sync is over', () => /SyncProxyRules complete[^\n]*\n?$/.test(world.log().trim()));
  expect(ask(clientNs, 'udp', serviceIp, 80, 2).map(({ at }) => at)).toEqual([pods[1], pods[1]]);
});
