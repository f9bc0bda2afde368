// What one service port needs in the table. test/contract/proxy tests where packets go.
import { describe, expect, test } from 'vitest';
import { buildBase } from '../../../../src/node/proxy/nftables/build-base.ts';
import { buildPort } from '../../../../src/node/proxy/nftables/build-port.ts';
import type { Item } from '../../../../src/node/proxy/nftables/model.ts';
import type { BuildOptions } from '../../../../src/node/proxy/nftables/port-context.ts';
import type { ProxyEndpoint, ServicePort } from '../../../../src/node/proxy/types.ts';
import { testNode } from '../../../support/proxy/replay.ts';
import { ip, network, port } from '../../../support/proxy/scalars.ts';

const options: BuildOptions = {
  family: 'IPv4',
  node: testNode,
  local: { kind: 'source', cidr: '10.244.0.0/16' },
  masqueradeMark: 0x4000,
};
const web: ServicePort = {
  key: 'default/web:p/TCP',
  service: 'default/web',
  portName: 'default/web:p',
  protocol: 'TCP',
  clusterIp: ip('10.96.0.20'),
  port: port(80),
  nodePort: 0,
  externalIps: [],
  loadBalancerIps: [],
  sourceRanges: [],
  affinitySeconds: undefined,
  externalPolicyLocal: false,
  internalPolicyLocal: false,
  healthCheckNodePort: 0,
};
const endpoint = (address: string, local = false): ProxyEndpoint => ({
  address: `${address}:8080`,
  ...{
    ip: ip(address),
    port: port(8080),
    local,
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
  },
});
const two = [endpoint('10.244.1.7', true), endpoint('10.244.2.8')];

const build = (parts: Partial<ServicePort>, endpoints = two, rest: Partial<BuildOptions> = {}): Item[] =>
  buildPort({ ...web, ...parts }, endpoints, { ...options, ...rest });
const elements = (items: readonly Item[], set: string): string[] =>
  items.flatMap((item) => (item.kind === 'element' && item.set === set ? [`${item.key} : ${item.value ?? ''}`] : []));
const rules = (items: readonly Item[], chain: string): readonly string[] | undefined =>
  items.flatMap((item) => (item.kind === 'chain' && item.name.startsWith(chain) ? [item.rules] : []))[0];

describe('a service', () => {
  test('shares its chain with all services that have as many endpoints; the endpoints are in a map', () => {
    const items = build({});
    expect(elements(items, 'service-ips')).toEqual(['10.96.0.20 . tcp . 80 : goto service-tcp-2']);
    expect(rules(items, 'service-tcp-2')).toEqual([
      'dnat ip to ip daddr . tcp dport . numgen random mod 2 map @endpoints-tcp',
    ]);
    expect(elements(items, 'endpoints-tcp')).toEqual([
      '10.96.0.20 . 80 . 0 : 10.244.1.7 . 8080',
      '10.96.0.20 . 80 . 1 : 10.244.2.8 . 8080',
    ]);
    expect(elements(items, 'hairpin-connections')).toEqual(['10.244.1.7 . 10.244.1.7 . tcp . 8080 : ']);
  });

  test('needs new elements but no new chain when one endpoint changes', () => {
    const chains = (items: readonly Item[]) => items.filter(({ kind }) => kind !== 'element');
    expect(chains(build({}, [endpoint('10.244.1.9'), endpoint('10.244.2.8')]))).toEqual(chains(build({})));
  });

  test('without endpoints is rejected at each of its addresses', () => {
    const items = build({ nodePort: port(30080), externalIps: [ip('198.51.100.1')] }, []);
    expect(elements(items, 'no-endpoints')).toEqual(['10.96.0.20 . tcp . 80 : ', '198.51.100.1 . tcp . 80 : ']);
    expect(elements(items, 'no-endpoints-nodeports')).toEqual(['tcp . 30080 : ']);
    expect(elements(items, 'service-ips')).toEqual([]);
  });

  test('under policy Local without local endpoints drops clients outside, and serves pods and the node', () => {
    const items = build({ nodePort: port(30080), externalPolicyLocal: true }, [endpoint('10.244.2.8')]);
    expect(elements(items, 'no-local-endpoints-nodeports')).toEqual(['tcp . 30080 : ']);
    expect(rules(items, 'external-')).toEqual([
      'ip saddr 10.244.0.0/16 goto nodeport-tcp-1',
      'fib saddr type local meta mark set meta mark | 0x4000',
      'fib saddr type local goto nodeport-tcp-1',
    ]);
  });

  test('recognises pods by their interfaces if configured', () => {
    const local = { kind: 'interface', name: 'veth+' } as const;
    const items = build({ nodePort: port(30080), externalPolicyLocal: true }, two, { local });
    expect(rules(items, 'external-')?.[0]).toBe('iifname "veth*" goto nodeport-tcp-2');
    const base = buildBase({ ...options, local, masqueradeAll: false, nodePortAddresses: 'all' });
    expect(rules(base, 'services')?.[0]).toBe(
      'ip daddr @cluster-ips iifname != "veth*" meta mark set meta mark | 0x4000',
    );
  });
});

test('session affinity uses the same chain for cluster IP and node port, and its set has the timeout of the service', () => {
  const items = build({ affinitySeconds: 60, nodePort: port(30080) });
  const [way = ''] = elements(items, 'service-ips');
  const chain = /goto (service-cluster-\w+)$/.exec(way)?.[1] ?? '?';
  expect(rules(items, 'external-')).toContain(`goto ${chain}`);
  const clients = (seconds: number) =>
    build({ affinitySeconds: seconds }).flatMap((item) => (item.kind === 'set' ? [item.name] : []));
  expect(clients(60)).toHaveLength(2);
  expect(clients(61)).not.toEqual(clients(60));
});

describe('source ranges', () => {
  const firewall = (sourceRanges: string[], endpoints = two) =>
    build({ loadBalancerIps: [ip('203.0.113.9')], sourceRanges: sourceRanges.map(network) }, endpoints).flatMap(
      (item) => (item.kind === 'chain' && item.name.startsWith('firewall-') ? item.rules : []),
    );

  test('that lie within others are left out, because nft rejects overlaps', () => {
    expect(firewall(['10.1.0.0/16', '10.0.0.0/8', '10.1.0.0/16', '192.0.2.7/32'])).toEqual([
      'ip saddr != { 10.0.0.0/8, 192.0.2.7/32 } drop',
    ]);
  });

  test('that include the node also allow the address of the load balancer', () => {
    expect(firewall(['192.168.56.0/24'])).toEqual(['ip saddr != { 192.168.56.0/24, 203.0.113.9 } drop']);
  });

  test('also drop other clients of a service without endpoints', () => {
    expect(firewall(['10.0.0.0/8'], [])).toEqual(['ip saddr != { 10.0.0.0/8 } drop']);
  });
});

test('node ports work at the configured addresses, or at all of the node except loopback', () => {
  const services = (nodePortAddresses: 'all' | string[]) =>
    rules(buildBase({ ...options, masqueradeAll: true, nodePortAddresses }), 'services');
  expect(services(['192.168.56.11'])?.[2]).toBe(
    'ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports',
  );
  expect(services('all')?.[2]).toBe(
    'fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports',
  );
  expect(services('all')?.[0]).toBe('ip daddr @cluster-ips meta mark set meta mark | 0x4000');
});
