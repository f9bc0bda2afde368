// Services, slices and nodes with arbitrary values in every field that reaches a rule, beside a good service that they
// must not harm.
import fc from 'fast-check';
import type { Node, Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { IpFamily } from '../../../src/node/proxy/types.ts';

/** Addresses of the good service. No other object of this file has them, except by an attack on the format of rules. */
const plans = {
  IPv4: { neighbour: '10.97.77.7', endpoint: '10.245.7.7', good: '10.96.0.9', range: '192.0.2.0/24' },
  IPv6: { neighbour: 'fd00:97::77', endpoint: 'fd00:245::7', good: 'fd00:96::9', range: '2001:db8::/48' },
} as const;

export const neighbourPort = 7777;
export const neighbourTarget = 7070;
export const neighbourOf = (family: IpFamily) => ({
  address: plans[family].neighbour,
  endpoint: plans[family].endpoint,
  service: {
    metadata: { name: 'neighbour', namespace: 'good' },
    spec: { clusterIP: plans[family].neighbour, ports: [{ name: 'p', port: neighbourPort }] },
  } satisfies Service,
  slice: {
    metadata: { name: 'neighbour-1', namespace: 'good', labels: { 'kubernetes.io/service-name': 'neighbour' } },
    addressType: family,
    ports: [{ name: 'p', protocol: 'TCP', port: neighbourTarget }],
    endpoints: [{ addresses: [plans[family].endpoint], nodeName: 'n2', conditions: { ready: true } }],
  } satisfies EndpointSlice,
});

const injections = [
  '\n',
  '\r\n-A INPUT -j DROP',
  '10.0.0.1\n-F',
  'COMMIT\n*nat\n-F\nCOMMIT',
  '" -j ACCEPT -m comment --comment "',
  "'; nft flush ruleset; '",
  '1.2.3.4 -j DROP',
  '10.0.0.1 } ; flush ruleset ; {',
  '10.0.0.1 . tcp . 80 : drop',
  '} add table ip x {',
  '#',
  '# comment',
  '\u0000',
  'a\u0000b',
  '\\',
  '\\"',
  '$(reboot)',
  '`reboot`',
  ' ',
  '\t',
  '-j',
  '-X',
  '--help',
  '! 10.0.0.1',
  '../../x',
  '%s%n',
  '\u202e',
  '\ud800',
  'ÄÖ',
  '名前',
  'x'.repeat(300),
  'x'.repeat(70_000),
  'a-'.repeat(127),
];
const addresses = [
  '',
  'None',
  'localhost',
  '10.0.0.256',
  '10.0.0',
  '010.000.0.01',
  '0x0a.0.0.1',
  '167772161',
  '10.0.0.1/32',
  '10.0.0.1/24',
  '10.0.0.1:80',
  '[fd00::1]',
  '0.0.0.0',
  '127.0.0.1',
  '169.254.169.254',
  '224.0.0.1',
  '239.1.2.3',
  '240.0.0.1',
  '255.255.255.255',
  '10.244.1.255',
  '192.168.56.255',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fe80::1%a b',
  'ff02::1',
  'fd00::1',
  'FD00:0:0::1',
  '::ffff:10.0.0.1',
  '::ffff:0:0',
  '64:ff9b::1.2.3.4',
  '2001:db8::1::2',
];
const networks = [
  '0.0.0.0/0',
  '::/0',
  ' 10.0.0.0/8 ',
  '10.1.2.3/8',
  '10.1.2.3/32',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/255.0.0.0',
  '10.0.0.0/08',
  'fd00::/129',
  '::ffff:10.0.0.0/104',
  '10.0.0.0/8,11.0.0.0/8',
];
const numbers = [-1, 0, 1, 80, 1.5, 65_535, 65_536, 99_999, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 1e300];

const deep = fc.jsonValue({ maxDepth: 2 });
const nasty = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...injections) },
  { weight: 6, arbitrary: fc.constantFrom(...addresses) },
  { weight: 3, arbitrary: fc.constantFrom(...networks) },
  { weight: 4, arbitrary: fc.constantFrom(...numbers) },
  { weight: 1, arbitrary: fc.ipV4() },
  { weight: 1, arbitrary: fc.ipV6() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

/** A good value three times of four, so that the other fields of an object count. */
const usually = (...good: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: nasty });
const listOf = (...good: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: fc.array(usually(...good), { maxLength: 3 }) }, { weight: 1, arbitrary: nasty });
/** An object with these fields; now and then something else. */
const shaped = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: fc.record(fields, { requiredKeys: [] }) }, { weight: 1, arbitrary: nasty });
const listOfShaped = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: fc.array(shaped(fields), { maxLength: 3 }) }, { weight: 1, arbitrary: nasty });

/** Names that objects share, so that slices and services meet. */
const slots = ['bad', 'worse', 'worst'] as const;
const protocol = usually('TCP', 'UDP', 'SCTP', undefined);

const serviceSpec = ({ good, endpoint, range }: (typeof plans)[IpFamily]): fc.Arbitrary<unknown> =>
  shaped({
    type: usually('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    clusterIP: usually(good, '10.96.0.8', 'None'),
    clusterIPs: fc.oneof(fc.constant(undefined), listOf(good, '10.96.0.8', 'fd00:96::8')),
    externalIPs: listOf('198.51.100.1', '2001:db8:51::1', endpoint),
    loadBalancerSourceRanges: listOf(range, '10.0.0.0/8', 'fd00::/8'),
    sessionAffinity: usually('ClientIP', 'None', undefined),
    sessionAffinityConfig: shaped({ clientIP: shaped({ timeoutSeconds: usually(60, 10_800, 86_400) }) }),
    externalTrafficPolicy: usually('Local', 'Cluster'),
    internalTrafficPolicy: usually('Local', 'Cluster'),
    healthCheckNodePort: usually(32_011),
    ports: listOfShaped({
      name: usually('p', 'q', '', undefined),
      port: usually(80, 81, 443),
      nodePort: usually(30_080, 30_081, 0),
      protocol,
      targetPort: nasty,
    }),
  });

const metadataOf = (name: string, labels: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.record({
    name: usually(name, name, name),
    namespace: usually('good', 'good', 'other'),
    labels,
    annotations: fc.oneof(
      fc.constant(undefined),
      shaped({ 'endpoints.kubernetes.io/last-change-trigger-time': nasty }),
    ),
  });

const service = (name: string, plan: (typeof plans)[IpFamily]): fc.Arbitrary<unknown> =>
  fc.record({
    metadata: metadataOf(name, fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, nasty)),
    spec: serviceSpec(plan),
    status: fc.oneof(
      fc.constant(undefined),
      shaped({
        loadBalancer: shaped({
          ingress: listOfShaped({ ip: usually('203.0.113.9', '2001:db8:113::9'), ipMode: usually('VIP', 'Proxy') }),
        }),
      }),
    ),
  });

const slice = (name: string, family: IpFamily): fc.Arbitrary<unknown> =>
  fc.record({
    metadata: metadataOf(`${name}-1`, fc.record({ 'kubernetes.io/service-name': usually(name, name, 'neighbour') })),
    addressType: fc.oneof(
      { weight: 9, arbitrary: fc.constant(family) },
      fc.constantFrom('IPv4', 'IPv6', 'FQDN'),
      nasty,
    ),
    ports: listOfShaped({ name: usually('p', 'q', '', undefined), port: usually(8080, 9090), protocol }),
    endpoints: listOfShaped({
      addresses: listOf('10.244.0.4', '10.244.0.5', 'fd00:244::4', 'fd00:244::5'),
      nodeName: usually('n1', 'n2'),
      conditions: shaped({ ready: usually(true, false), serving: usually(true, false), terminating: usually(true) }),
      hints: shaped({
        forZones: listOfShaped({ name: usually('z1') }),
        forNodes: listOfShaped({ name: usually('n1') }),
      }),
      zone: nasty,
      hostname: nasty,
      topology: nasty,
    }),
  });

const node = fc.record({
  metadata: fc.record({ name: fc.constant('n1'), labels: shaped({ 'topology.kubernetes.io/zone': usually('z1') }) }),
  spec: shaped({
    podCIDR: usually('10.244.1.0/24'),
    podCIDRs: listOf('10.244.1.0/24', 'fd00:244:1::/64'),
    taints: listOfShaped({ key: nasty }),
  }),
  status: shaped({
    addresses: listOfShaped({
      type: usually('InternalIP', 'ExternalIP'),
      address: usually('192.168.56.11', 'fd00:56::11'),
    }),
  }),
});

/** One change at the API server. `undefined`: the object is deleted. */
export type HostileStep =
  | { readonly kind: 'service'; readonly slot: string; readonly object: Service | undefined }
  | { readonly kind: 'slice'; readonly slot: string; readonly object: EndpointSlice | undefined }
  | { readonly kind: 'node'; readonly object: Node }
  | { readonly kind: 'sync' };

const slotted = (kind: 'service' | 'slice', object: (slot: string) => fc.Arbitrary<unknown>) =>
  fc
    .constantFrom(...slots)
    .chain((slot) =>
      fc
        .option(object(slot), { nil: undefined, freq: 8 })
        .map((found) => ({ kind, slot, object: found }) as unknown as HostileStep),
    );

export interface HostileStory {
  readonly family: IpFamily;
  readonly steps: readonly HostileStep[];
}

export const hostileStory: fc.Arbitrary<HostileStory> = fc
  .constantFrom<IpFamily>('IPv4', 'IPv4', 'IPv6')
  .chain((family) => {
    const step = fc.oneof(
      { weight: 6, arbitrary: slotted('service', (slot) => service(slot, plans[family])) },
      { weight: 6, arbitrary: slotted('slice', (slot) => slice(slot, family)) },
      { weight: 1, arbitrary: node.map((object) => ({ kind: 'node', object }) as unknown as HostileStep) },
      { weight: 3, arbitrary: fc.constant<HostileStep>({ kind: 'sync' }) },
    );
    return fc.array(step, { minLength: 1, maxLength: 12 }).map((steps) => ({ family, steps }));
  });
