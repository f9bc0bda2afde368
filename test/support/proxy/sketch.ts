// Turns the packet suite's short services into API objects of both families. All addresses contain the service number.
import type { Protocol, Service, ServiceSpec } from '../../../src/api/core.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/discovery.ts';
import { addresses, type ByFamily, type Family, isLocalPod, type Place } from './places.ts';
import { type Change, put } from './world.ts';

export interface Sketch {
  readonly name: string;
  readonly number: number;
  readonly spec?: Partial<ServiceSpec>;
  readonly protocol?: Protocol;
  readonly endpoints: readonly (Place | EndpointSketch)[];
  /** Two ports: 80 → 8080 and 81 → 8081. */
  readonly second?: boolean;
  readonly ipMode?: 'VIP' | 'Proxy';
  readonly portName?: string;
}

export type EndpointSketch = { readonly at: Place } & Partial<Pick<Endpoint, 'conditions' | 'hints'>>;

const families = ['IPv4', 'IPv6'] as const;

/** The addresses of a service, by its number. */
export const clusterIp = (number: number): ByFamily => ({ IPv4: `10.96.1.${number}`, IPv6: `fd00:96::${number}` });
export const externalIp = (number: number): ByFamily => ({
  IPv4: `198.51.100.${number}`,
  IPv6: `2001:db8:51::${number}`,
});
export const balancerIp = (number: number): ByFamily => ({
  IPv4: `203.0.113.${number}`,
  IPv6: `2001:db8:113::${number}`,
});
export const nodePort = (number: number): number => 30_000 + number;

export const serviceOf = (sketch: Sketch): Service => {
  const { name, number, spec = {}, ipMode } = sketch;
  const open = spec.type !== undefined && spec.type !== 'ClusterIP';
  const ips = clusterIp(number);
  const port = (portName: string, offset: number) => ({
    name: portName,
    protocol: sketch.protocol ?? 'TCP',
    port: 80 + offset,
    targetPort: 8080 + offset,
    ...(open ? { nodePort: nodePort(number) + 100 * offset } : {}),
  });
  const first = port(sketch.portName ?? 'a', 0);
  const ingress = families.map((family) => ({ ip: balancerIp(number)[family], ...(ipMode ? { ipMode } : {}) }));
  return {
    metadata: { name, namespace: 'test' },
    spec: {
      clusterIP: ips.IPv4,
      clusterIPs: [ips.IPv4, ips.IPv6],
      ports: sketch.second ? [first, port('b', 1)] : [first],
      ...spec,
    },
    ...(spec.type === 'LoadBalancer' ? { status: { loadBalancer: { ingress } } } : {}),
  };
};

const endpointOf = (sketch: Place | EndpointSketch, family: Family): Endpoint => {
  const { at, ...rest } = typeof sketch === 'string' ? { at: sketch } : sketch;
  const nodeName = isLocalPod(at) ? 'n1' : 'n2';
  return { addresses: [addresses[at][family]], conditions: { ready: true }, nodeName, ...rest };
};

const sliceOf = (sketch: Sketch, family: Family): EndpointSlice => {
  const { name, second, protocol = 'TCP', portName = 'a' } = sketch;
  return {
    metadata: { name: `${name}-${family}`, namespace: 'test', labels: { 'kubernetes.io/service-name': name } },
    addressType: family,
    ports: [{ name: portName, protocol, port: 8080 }, ...(second ? [{ name: 'b', protocol, port: 8081 }] : [])],
    endpoints: sketch.endpoints.map((endpoint) => endpointOf(endpoint, family)),
  };
};

/** The service and a slice for each family. */
export const changesOf = (sketch: Sketch): Change[] => [
  put.service(serviceOf(sketch)),
  ...families.map((family) => put.slice(sliceOf(sketch, family))),
];

export const removalOf = (sketch: Sketch): Change[] => changesOf(sketch).map((change) => ({ ...change, remove: true }));
