// Compares the unit tests' fake conntrack table with the kernel's, and checks that kube-proxy deletes stale flows.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { type Conntrack, createConntrack } from '../../../src/node/sys/conntrack.ts';
import { FakeConntrack, type FlowText, flowText, parseFlows } from '../../support/proxy/fake-conntrack.ts';
import { silent } from '../../support/proxy/replay.ts';
import { put, World } from '../../support/proxy/world.ts';

const signal = new AbortController().signal;
let world: World;
/** Each flow needs its own port; otherwise the kernel sees one flow. */
let clientPort = 4000;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.reset());
afterAll(() => world?.[Symbol.asyncDispose]());

/** Inserts a flow into the kernel's table, as a packet would. */
const insert = (text: FlowText, client: string): void => {
  clientPort += 1;
  const { destination, port, answeredBy, answeredFrom } = parseFlows(text);
  const asked = ['-s', client, '-d', destination, '--sport', String(clientPort), '--dport', String(port)];
  const answered = [
    '-r',
    answeredBy,
    '-q',
    client,
    '--reply-port-src',
    String(answeredFrom),
    '--reply-port-dst',
    String(clientPort),
  ];
  world.exec('conntrack', '-I', '-p', 'udp', '-t', '600', ...asked, ...answered);
};

const shown = async (conntrack: Conntrack): Promise<FlowText[]> => {
  const texts: FlowText[] = [];
  expect(await conntrack.eachUdpFlow((flow) => texts.push(flowText(flow)), signal)).toBe(true);
  return texts.sort();
};

test.each([
  {
    family: 'IPv4',
    clients: ['10.244.2.5', '10.244.2.6'],
    flows: [
      '10.96.0.10:53 -> 10.244.1.2:5353',
      '10.96.0.10:53 -> 10.244.1.3:5353',
      '10.96.0.10:54 -> 10.244.1.2:5353',
      '10.96.0.11:53 -> 10.244.1.2:5353',
      '10.96.0.10:53 -> 10.244.1.2:5354',
      '192.168.56.11:30053',
    ],
    unknown: '10.96.0.99:53',
  },
  {
    family: 'IPv6',
    clients: ['fd00:244:2::5', 'fd00:244:2::6'],
    flows: [
      '[fd00:96::10]:53 -> [fd00:244:1::2]:5353',
      '[fd00:96::10]:53 -> [fd00:244:1::3]:5353',
      '[fd00:96::10]:54 -> [fd00:244:1::2]:5353',
      '[fd00:96::11]:53 -> [fd00:244:1::2]:5353',
      '[fd00:96::10]:53 -> [fd00:244:1::2]:5354',
      '[fd00:56::11]:30053',
    ],
    unknown: '[fd00:96::99]:53',
  },
] as const)('lists and deletes the same flows of $family in both tables', async (each) => {
  const { family, clients, flows, unknown } = each;
  const real = createConntrack(family, silent, ['nsenter', `--net=/run/netns/${world.name}`]);
  const fake = new FakeConntrack();
  expect(await shown(real)).toEqual([]);
  for (const client of clients) {
    for (const flow of flows) insert(flow, client);
    fake.add(...flows);
  }
  expect(await shown(real)).toHaveLength(12);
  for (const flow of [...flows.slice(0, 1), ...flows.slice(5), unknown]) {
    expect(await real.forget(parseFlows(flow), signal)).toBe(await fake.forget(parseFlows(flow)));
    expect(await shown(real)).toEqual(await shown(fake));
  }
  expect(await shown(real)).toHaveLength(8);
});

test('ignores flows of the other family and flows in a conntrack zone', async () => {
  const prefix = ['nsenter', `--net=/run/netns/${world.name}`];
  const flow = '[fd00:96::10]:53 -> [fd00:244::7]:5353';
  insert(flow, 'fd00::5');
  const zoned = ['-s', '10.244.2.5', '-d', '10.96.0.10', '--sport', '4000', '--dport', '53'];
  world.exec('conntrack', '-I', '-p', 'udp', '-t', '600', '-w', '7', ...zoned);
  expect(world.exec('conntrack', '-L', '-f', 'ipv4')).toContain('zone=7');
  expect(await shown(createConntrack('IPv6', silent, prefix))).toEqual([flow]);
  expect(await shown(createConntrack('IPv4', silent, prefix))).toEqual([]);
});

test('logs one warning when the conntrack tool is missing', async () => {
  const warnings: string[] = [];
  const log = { ...silent, warning: (message: string) => void warnings.push(message) };
  const conntrack = createConntrack('IPv4', log, ['/proc/self/no-such-program']);
  for (let round = 0; round < 2; round++) expect(await conntrack.eachUdpFlow(() => {}, signal)).toBe(false);
  expect(await conntrack.forget(parseFlows('10.96.0.10:53'), signal)).toBe(0);
  expect(warnings).toHaveLength(1);
});

const service: Service = {
  metadata: { name: 'dns', namespace: 'default' },
  spec: {
    type: 'NodePort',
    clusterIP: '10.96.0.10',
    ports: [{ name: 'dns', port: 53, nodePort: 30053, protocol: 'UDP' }],
  },
};
const slice = (...ips: string[]): EndpointSlice => ({
  metadata: { name: 'dns-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'dns' } },
  addressType: 'IPv4',
  ports: [{ name: 'dns', protocol: 'UDP', port: 5353 }],
  endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
});

test('deletes only the flows that became stale while kube-proxy was down', async () => {
  await world.change(put.service(service), put.slice(slice('10.244.1.2', '10.244.1.3')));
  const proxy = await world.startProxy('--cluster-cidr=10.244.0.0/16');
  await world.stop(proxy, 'SIGKILL');
  await world.change(put.slice(slice('10.244.1.3')));
  for (const flow of [
    ...['10.96.0.10:53 -> 10.244.1.2:5353', '127.0.0.1:30053 -> 10.244.1.2:5353', '10.96.0.10:53'],
    ...['10.96.0.10:53 -> 10.244.1.3:5353', '198.51.100.7:30053', '10.96.0.20:53 -> 10.244.1.2:5353'],
  ]) {
    insert(flow, flow.includes('->') ? '10.244.2.5' : '10.244.2.6');
  }
  await world.startProxy('--cluster-cidr=10.244.0.0/16');
  const real = createConntrack('IPv4', silent, ['nsenter', `--net=/run/netns/${world.name}`]);
  expect(await shown(real)).toEqual([
    ...['10.96.0.10:53 -> 10.244.1.3:5353', '10.96.0.20:53 -> 10.244.1.2:5353', '198.51.100.7:30053'],
  ]);
  expect(world.log()).toMatch(/"Finished reconciling conntrack entries" ipFamily="IPv4" entriesDeleted=3/);
  expect(world.get('http://127.0.0.1:10249/metrics')).toMatch(
    /^kubeproxy_conntrack_reconciler_deleted_entries_total\{ip_family="IPv4"\} 3$/m,
  );
  expect(world.save()).toContain('--to-destination 10.244.1.3:5353');
});
