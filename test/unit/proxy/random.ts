// Random histories of a small cluster: services and slices that come, change and go.
import fc from 'fast-check';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';

export type Event =
  | { readonly kind: 'service'; readonly name: string; readonly object: Service | undefined }
  | { readonly kind: 'slice'; readonly name: string; readonly object: EndpointSlice | undefined }
  | { readonly kind: 'zone'; readonly zone: string | undefined }
  | { readonly kind: 'fail' }
  | { readonly kind: 'sync' };

const names = ['a', 'b', 'c'] as const;
const boolean = fc.boolean();
const policy = fc.constantFrom('Local' as const, 'Cluster' as const);
const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);

const serviceNamed = (name: (typeof names)[number]): fc.Arbitrary<Service> =>
  fc
    .record({
      type: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const),
      address: fc.integer({ min: 1, max: 3 }),
      headless: fc.integer({ min: 0, max: 9 }),
      ports: fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y'), protocol, port: fc.constantFrom(80, 81) }), {
        selector: (port) => port.name,
        minLength: 1,
        maxLength: 2,
      }),
      external: boolean,
      internalTrafficPolicy: policy,
      externalTrafficPolicy: policy,
      affinity: boolean,
      ranges: boolean,
    })
    .map((draw) => ({
      metadata: { name, namespace: 'r' },
      spec: {
        type: draw.type,
        // Addresses are swapped between services, too, but never shared at one time.
        clusterIP: draw.headless === 0 ? 'None' : `10.96.${names.indexOf(name)}.${draw.address}`,
        ports: draw.ports.map((port, index) => ({
          ...port,
          ...(draw.type === 'ClusterIP' ? {} : { nodePort: 30_000 + names.indexOf(name) * 10 + index }),
        })),
        ...(draw.external ? { externalIPs: [`198.51.100.${names.indexOf(name)}`] } : {}),
        internalTrafficPolicy: draw.internalTrafficPolicy,
        externalTrafficPolicy: draw.externalTrafficPolicy,
        sessionAffinity: draw.affinity ? ('ClientIP' as const) : ('None' as const),
        ...(draw.ranges ? { loadBalancerSourceRanges: ['203.0.113.0/24'] } : {}),
      },
      ...(draw.type === 'LoadBalancer'
        ? { status: { loadBalancer: { ingress: [{ ip: `203.0.113.${names.indexOf(name)}` }] } } }
        : {}),
    }));

const endpoint = fc
  .record({
    ip: fc.integer({ min: 1, max: 5 }),
    state: fc.integer({ min: 0, max: 3 }),
    local: boolean,
    hint: fc.constantFrom('', 'z1', 'z2'),
  })
  .map(({ ip, state, local, hint }) => ({
    addresses: [`10.244.0.${ip}`],
    conditions: { ready: state < 2, serving: state < 3, terminating: state >= 2 },
    nodeName: local ? 'n1' : 'n2',
    ...(hint === '' ? {} : { hints: { forZones: [{ name: hint }] } }),
  }));

const sliceNamed = (service: string, part: string): fc.Arbitrary<EndpointSlice> =>
  fc
    .record({ endpoints: fc.array(endpoint, { maxLength: 4 }), protocol, second: boolean })
    .map(({ endpoints, protocol: proto, second }) => ({
      metadata: { name: `${service}-${part}`, namespace: 'r', labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4' as const,
      ports: [
        { name: 'x', protocol: proto, port: 8080 },
        ...(second ? [{ name: 'y', protocol: 'TCP' as const, port: 8081 }] : []),
      ],
      endpoints,
    }));

const serviceEvent = fc
  .constantFrom(...names)
  .chain((name) =>
    fc
      .option(serviceNamed(name), { nil: undefined, freq: 4 })
      .map((object): Event => ({ kind: 'service', name, object })),
  );
const sliceEvent = fc
  .tuple(fc.constantFrom(...names), fc.constantFrom('1', '2'))
  .chain(([service, part]) =>
    fc
      .option(sliceNamed(service, part), { nil: undefined, freq: 4 })
      .map((object): Event => ({ kind: 'slice', name: `${service}-${part}`, object })),
  );

/** Ends in a sync. `fail` makes the next restore fail. */
export const history = (failures: boolean): fc.Arbitrary<Event[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: serviceEvent },
        { weight: 6, arbitrary: sliceEvent },
        { weight: 1, arbitrary: fc.constantFrom('z1', 'z2', undefined).map((zone): Event => ({ kind: 'zone', zone })) },
        { weight: 4, arbitrary: fc.constant<Event>({ kind: 'sync' }) },
        ...(failures ? [{ weight: 1, arbitrary: fc.constant<Event>({ kind: 'fail' }) }] : []),
      ),
      { minLength: 1, maxLength: 30, size: 'max' },
    )
    .map((events) => [...events, { kind: 'sync' }]);
