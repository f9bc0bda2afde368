// The cluster of the benchmark: services with 2 to 4 endpoints, 3 on average, which is 11 nat rules and 4 chains each.
import type { Service } from '../../../src/api/core.ts';
import { type EndpointSlice, serviceNameLabel } from '../../../src/api/discovery.ts';
import type { Change } from './arena.ts';

const byte = (value: number, shift: number): number => (value >> shift) & 255;

export const serviceOf = (index: number): Service => ({
  metadata: {
    name: `service-${index}`,
    namespace: 'bench',
    uid: `5e${index}`,
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    type: 'ClusterIP',
    clusterIP: `10.96.${byte(index, 8)}.${byte(index, 0)}`,
    clusterIPs: [`10.96.${byte(index, 8)}.${byte(index, 0)}`],
    selector: { app: `service-${index}` },
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
  },
});

/** @param extra an address beside the 2 to 4 that the service always has */
export const sliceOf = (index: number, extra?: string): EndpointSlice => ({
  metadata: {
    name: `service-${index}-x`,
    namespace: 'bench',
    uid: `e5${index}`,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { [serviceNameLabel]: `service-${index}` },
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints: [...addressesOf(index), ...(extra === undefined ? [] : [extra])].map((address) => ({
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: 'n2',
    targetRef: { kind: 'Pod', namespace: 'bench', name: `pod-${address}` },
  })),
});

const addressesOf = (index: number): string[] =>
  Array.from({ length: 2 + (index % 3) }, (_, number) => `10.${128 + number}.${byte(index, 8)}.${byte(index, 0)}`);

/** An additional endpoint address that `watch-kernel.pl` recognises. */
export const extraAddress = (number: number): string => `10.250.${byte(number, 8)}.${byte(number, 0)}`;

export const clusterOf = (size: number): Change[] =>
  Array.from({ length: size }, (_, index) => index).flatMap((index): Change[] => [
    { plural: 'services', object: serviceOf(index) },
    { plural: 'endpointslices', object: sliceOf(index) },
  ]);

/** Addresses of all endpoints that the rules must contain. */
export const endpointsOfAll = (size: number, extras: ReadonlyMap<number, string>): Set<string> => {
  const all = new Set<string>();
  for (let index = 0; index < size; index += 1) for (const address of addressesOf(index)) all.add(address);
  for (const address of extras.values()) all.add(address);
  return all;
};
