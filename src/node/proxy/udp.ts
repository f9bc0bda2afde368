// Finds stale UDP flows: conntrack keeps sending a flow to its first endpoint, even after the service has changed.
// Pure.
import { isIPv6 } from 'node:net';
import type { UdpFlows } from '../sys/conntrack.ts';
import type { ServicePort, ServiceView } from './types.ts';

/** Addresses of this machine that matter for flows. */
export interface OwnAddresses {
  /** Those that accept node ports. */
  readonly nodePorts: ReadonlySet<string>;
  /** Those on which userspace mode's relays listen; none in the other modes. */
  readonly relays: ReadonlySet<string>;
}

/** `ip:port` of a service → `ip:port` of the endpoints that its flows may keep. */
export interface Frontends {
  readonly addresses: ReadonlyMap<string, ReadonlySet<string>>;
  readonly nodePorts: ReadonlyMap<number, ReadonlySet<string>>;
}

/**
 * A flow may stay while its endpoint serves, even if new flows would go elsewhere because of a traffic policy, topology
 * or termination. TCP connections behave the same way, and so does the original.
 * @param gone service ports that were deleted, or changed
 */
export const frontendsOf = ({ ports, endpoints }: ServiceView, gone: Iterable<ServicePort>): Frontends => {
  const addresses = new Map<string, Set<string>>();
  const nodePorts = new Map<number, Set<string>>();
  const add = (port: ServicePort, serving: readonly string[]): void => {
    if (port.protocol !== 'UDP') return;
    for (const ip of [port.clusterIp, ...port.externalIps, ...port.loadBalancerIps]) {
      addTo(addresses, socketName(ip, port.port), serving);
    }
    if (port.nodePort !== 0) addTo(nodePorts, port.nodePort, serving);
  };
  for (const port of gone) add(port, []);
  for (const [key, port] of ports) {
    const serving = (endpoints.get(key) ?? []).filter((endpoint) => endpoint.serving);
    add(
      port,
      serving.map(({ ip, port: targetPort }) => socketName(ip, targetPort)),
    );
  }
  return { addresses, nodePorts };
};

/**
 * Whether these flows go to a service, but to none of its endpoints. Either the endpoint is gone, or the flow began
 * before the service had rules and got no new destination. TCP does not have this problem, because its connections end.
 */
export const isStale = (flows: UdpFlows, { addresses, nodePorts }: Frontends, own: OwnAddresses): boolean => {
  const { destination, port, answeredBy, answeredFrom } = flows;
  const serving =
    addresses.get(socketName(destination, port)) ?? (own.nodePorts.has(destination) ? nodePorts.get(port) : undefined);
  if (!serving || serving.has(socketName(answeredBy, answeredFrom))) return false;
  const untouched = answeredBy === destination && answeredFrom === port;
  return untouched || !own.relays.has(answeredBy);
};

/**
 * Two services may have the same address. Which one gets the packets is unknown here, so the endpoints of both count.
 */
const addTo = <K>(map: Map<K, Set<string>>, key: K, serving: readonly string[]): void => {
  const known = map.get(key) ?? new Set<string>();
  for (const name of serving) known.add(name);
  map.set(key, known);
};

/** Objects may spell an IPv6 address in ways that the kernel doesn't. */
const socketName = (ip: string, port: number): string => {
  if (!isIPv6(ip)) return `${ip}:${port}`;
  return `${new URL(`http://[${ip}]`).hostname}:${port}`;
};
