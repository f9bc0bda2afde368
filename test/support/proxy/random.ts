// Random histories of a small cluster: services, slices and a node are created, changed and deleted, as the API allows.
import fc from 'fast-check';
import type { Service } from '../../../src/api/core.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/discovery.ts';
import type { IpFamily, NodeView } from '../../../src/node/proxy/types.ts';
import { ip, network } from './scalars.ts';

export type Event =
  | { readonly kind: 'service'; readonly name: string; readonly object: Service | undefined }
  | { readonly kind: 'slice'; readonly name: string; readonly object: EndpointSlice | undefined }
  | { readonly kind: 'node'; readonly node: Partial<NodeView> }
  | { readonly kind: 'fail' }
  | { readonly kind: 'sync' };

/** Networks of the cluster. Each function turns a number into an address. */
interface Plan {
  readonly cluster: (host: number) => string;
  readonly pod: (host: number) => string;
  readonly external: (host: number) => string;
  readonly balancer: (host: number) => string;
  readonly ranges: readonly string[];
}

const plans: Readonly<Record<IpFamily, Plan>> = {
  IPv4: {
    cluster: (host) => `10.96.0.${host}`,
    pod: (host) => `10.244.0.${host}`,
    external: (host) => `198.51.100.${host}`,
    balancer: (host) => `203.0.113.${host}`,
    ranges: ['203.0.113.0/24', '192.0.2.0/25'],
  },
  IPv6: {
    cluster: (host) => `fd00:96::${host}`,
    pod: (host) => `fd00:244::${host}`,
    external: (host) => `2001:db8:51::${host}`,
    balancer: (host) => `2001:db8:113::${host}`,
    ranges: ['2001:db8:113::/64', '2001:db8:2::/48'],
  },
};

const names: readonly string[] = ['a', 'b', 'c'];
const boolean = fc.boolean();
const policy = fc.constantFrom('Local' as const, 'Cluster' as const);
/** Mostly TCP, so that the ports of slices match those of their services. */
const protocol = fc.oneof(
  { weight: 3, arbitrary: fc.constant('TCP' as const) },
  { weight: 2, arbitrary: fc.constantFrom('UDP' as const, 'SCTP' as const) },
);
const host = fc.integer({ min: 1, max: 5 });
/** Large enough that services take a number from each other only now and then. */
const fromPool = fc.integer({ min: 1, max: 20 });
/** A reason why kube-proxy must ignore the service. Undefined: kube-proxy handles it. */
const absence = fc.oneof(
  { weight: 9, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('None', 'ExternalName', 'another proxy') },
);

const port = fc.record({ name: fc.constantFrom('x', 'y'), protocol, port: fc.constantFrom(80, 81) });

const serviceNamed = (name: string, { cluster, external, balancer, ranges }: Plan): fc.Arbitrary<Service> =>
  fc
    .record({
      type: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const),
      address: fromPool,
      absent: absence,
      ports: fc.uniqueArray(port, { selector: (each) => each.name, minLength: 1, maxLength: 2 }),
      nodePort: fromPool,
      balancerIp: fromPool,
      proxied: fc.integer({ min: 0, max: 4 }),
      externals: fc.subarray([1, 2, 3]),
      internalTrafficPolicy: policy,
      externalTrafficPolicy: policy,
      affinity: fc.constantFrom(undefined, undefined, 10_800, 60),
      ranges: fc.subarray([...ranges]),
    })
    .map((draw) => ({
      metadata: {
        name,
        namespace: 'r',
        ...(draw.absent === 'another proxy' ? { labels: { 'service.kubernetes.io/service-proxy-name': 'else' } } : {}),
      },
      spec: {
        ...(draw.absent === 'ExternalName'
          ? { type: draw.absent, externalName: 'elsewhere.example' }
          : { type: draw.type, clusterIP: draw.absent === 'None' ? draw.absent : cluster(draw.address) }),
        ports: draw.ports.map((each, index) => ({
          ...each,
          ...(draw.type === 'ClusterIP' ? {} : { nodePort: 30_000 + draw.nodePort * 2 + index }),
        })),
        externalIPs: draw.externals.map(external),
        internalTrafficPolicy: draw.internalTrafficPolicy,
        externalTrafficPolicy: draw.externalTrafficPolicy,
        ...(draw.affinity === undefined
          ? {}
          : {
              sessionAffinity: 'ClientIP' as const,
              sessionAffinityConfig: { clientIP: { timeoutSeconds: draw.affinity } },
            }),
        loadBalancerSourceRanges: draw.ranges,
      },
      ...(draw.type === 'LoadBalancer'
        ? { status: { loadBalancer: { ingress: [ingress(balancer(draw.balancerIp), draw.proxied === 0)] } } }
        : {}),
    }));

const ingress = (ip: string, proxied: boolean): { ip: string; ipMode: 'Proxy' | 'VIP' } => ({
  ip,
  ipMode: proxied ? 'Proxy' : 'VIP',
});

const hints = fc.constantFrom<Pick<Endpoint, 'hints'>>(
  {},
  {},
  { hints: { forZones: [{ name: 'z1' }] } },
  { hints: { forZones: [{ name: 'z2' }] } },
  { hints: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] } },
);

const endpointIn = ({ pod }: Plan): fc.Arbitrary<Endpoint> =>
  fc
    .record({ ip: host, state: fc.integer({ min: 0, max: 3 }), local: boolean, hints })
    .map(({ ip, state, local, hints: hint }) => ({
      addresses: [pod(ip)],
      conditions: { ready: state < 2, serving: state < 3, terminating: state >= 2 },
      nodeName: local ? 'n1' : 'n2',
      ...hint,
    }));

const sliceNamed = (service: string, part: string, family: IpFamily): fc.Arbitrary<EndpointSlice> =>
  fc
    .record({
      endpoints: fc.array(endpointIn(plans[family]), { maxLength: 4 }),
      protocol,
      target: fc.constantFrom(8080, 9090),
      second: boolean,
    })
    .map(({ endpoints, protocol: proto, target, second }) => ({
      metadata: { name: `${service}-${part}`, namespace: 'r', labels: { 'kubernetes.io/service-name': service } },
      addressType: family,
      ports: [
        { name: 'x', protocol: proto, port: target },
        ...(second ? [{ name: 'y', protocol: 'TCP' as const, port: 8081 }] : []),
      ],
      endpoints,
    }));

const serviceEvent = (family: IpFamily): fc.Arbitrary<Event> =>
  fc
    .constantFrom(...names)
    .chain((name) =>
      fc
        .option(serviceNamed(name, plans[family]), { nil: undefined, freq: 4 })
        .map((object): Event => ({ kind: 'service', name, object })),
    );

const sliceEvent = (family: IpFamily): fc.Arbitrary<Event> =>
  fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('1', '2'))
    .chain(([service, part]) =>
      fc
        .option(sliceNamed(service, part, family), { nil: undefined, freq: 4 })
        .map((object): Event => ({ kind: 'slice', name: `${service}-${part}`, object })),
    );

const nodeEvent: fc.Arbitrary<Event> = fc
  .constantFrom<Partial<NodeView>>(
    { zone: 'z1' },
    { zone: 'z2' },
    { zone: undefined },
    ...[11, 12].map((host) => ({ addresses: { IPv4: ip(`192.168.56.${host}`), IPv6: ip(`fd00:56::${host}`) } })),
    ...[1, 2].map((net) => ({ podCidrs: [network(`10.244.${net}.0/24`), network(`fd00:244:${net}::/64`)] })),
  )
  .map((node) => ({ kind: 'node', node }));

/**
 * Addresses and node ports that only one service can have. Services may share an external IP, even with the same port.
 */
const exclusiveValues = ({ spec, status }: Service): string[] => [
  ...(spec.clusterIP === undefined || spec.clusterIP === 'None' ? [] : [spec.clusterIP]),
  ...(spec.ports ?? []).flatMap(({ nodePort }) => (nodePort === undefined ? [] : [String(nodePort)])),
  ...(status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []),
];

/** Deletes a service before another one gets its address or port, because the API server allows no duplicates. */
const withoutClashes = (events: readonly Event[]): Event[] => {
  const live = new Map<string, Service>();
  return events.flatMap((event) => {
    if (event.kind !== 'service') return [event];
    const wanted = new Set(event.object ? exclusiveValues(event.object) : []);
    const previousOwners = [...live].filter(
      ([name, service]) => name !== event.name && exclusiveValues(service).some((each) => wanted.has(each)),
    );
    for (const [name] of previousOwners) live.delete(name);
    if (event.object) live.set(event.name, event.object);
    else live.delete(event.name);
    return [...previousOwners.map(([name]): Event => ({ kind: 'service', name, object: undefined })), event];
  });
};

/** Events that end with a sync. @param failures includes `fail` events, each of which makes the next write fail */
export const history = (failures: boolean, family: IpFamily = 'IPv4'): fc.Arbitrary<Event[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: serviceEvent(family) },
        { weight: 6, arbitrary: sliceEvent(family) },
        { weight: 1, arbitrary: nodeEvent },
        { weight: 4, arbitrary: fc.constant<Event>({ kind: 'sync' }) },
        ...(failures ? [{ weight: 1, arbitrary: fc.constant<Event>({ kind: 'fail' }) }] : []),
      ),
      { minLength: 1, maxLength: 30, size: 'max' },
    )
    .map((events) => [...withoutClashes(events), { kind: 'sync' }]);

/**
 * A history that makes kube-proxy write at least twice: a load balancer gets two endpoints, then loses one. It is the
 * first case of tests with few random histories, because those may happen to write nothing.
 */
export const eventfulHistory = (family: IpFamily): Event[] => {
  const { cluster, pod, external, balancer, ranges } = plans[family];
  const slice = (...hosts: readonly number[]): Event => ({
    kind: 'slice',
    name: 'a-1',
    object: {
      metadata: { name: 'a-1', namespace: 'r', labels: { 'kubernetes.io/service-name': 'a' } },
      addressType: family,
      ports: [{ name: 'x', protocol: 'TCP', port: 8080 }],
      endpoints: hosts.map((each) => ({ addresses: [pod(each)], conditions: { ready: true }, nodeName: 'n1' })),
    },
  });
  const service: Service = {
    metadata: { name: 'a', namespace: 'r' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: cluster(1),
      ports: [{ name: 'x', protocol: 'TCP', port: 80, nodePort: 30_002 }],
      externalIPs: [external(1)],
      loadBalancerSourceRanges: [...ranges],
    },
    status: { loadBalancer: { ingress: [{ ip: balancer(1) }] } },
  };
  return [{ kind: 'service', name: 'a', object: service }, slice(1, 2), { kind: 'sync' }, slice(2), { kind: 'sync' }];
};
