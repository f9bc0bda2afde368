// Conntrack remembers where a UDP "connection" was sent and goes on sending there: which of its flows must be forgotten. Pure.
import { isIPv6 } from 'node:net';
import type { UdpFlows } from '../sys/conntrack.ts';
import type { ServicePort, ServiceView } from './types.ts';

/** Which of this machine's addresses take part. */
export interface OwnAddresses {
  /** At these, node ports answer. */
  readonly nodePorts: ReadonlySet<string>;
  /** At these, a mode that relays packets by itself listens; none in the other modes. */
  readonly relays: ReadonlySet<string>;
}

/** `ip:port` of a service → `ip:port` of the endpoints that flows to it may go on using. */
export interface Frontends {
  readonly addresses: ReadonlyMap<string, ReadonlySet<string>>;
  readonly nodePorts: ReadonlyMap<number, ReadonlySet<string>>;
}

/**
 * A flow may go on as long as its endpoint serves, also where new ones would be sent elsewhere by now (traffic policy, topology,
 * termination): as a TCP connection does, and as in the original.
 * @param gone service ports that are no more, or had other addresses
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
 * Whether flows to one of our services lead to no endpoint of it. Such are those to an endpoint that was lost, and those that began
 * while the service had no rules yet: they were let pass as they were, to nobody. TCP needs none of this, its connections end.
 */
export const isStale = (flows: UdpFlows, { addresses, nodePorts }: Frontends, own: OwnAddresses): boolean => {
  const { destination, port, answeredBy, answeredFrom } = flows;
  const serving =
    addresses.get(socketName(destination, port)) ?? (own.nodePorts.has(destination) ? nodePorts.get(port) : undefined);
  if (!serving || serving.has(socketName(answeredBy, answeredFrom))) return false;
  const untouched = answeredBy === destination && answeredFrom === port;
  return untouched || !own.relays.has(answeredBy);
};

/** Two services may claim one address: who of them gets its packets is not for us to say, so endpoints of both count. */
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
