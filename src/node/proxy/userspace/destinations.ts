// A service port → the addresses it is reached at, whose endpoints each of them leads to, and the sockets that takes.
import { isExternallyAccessible, type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from '../types.ts';
import type { Place } from './place.ts';

/** All endpoints of the cluster, or only this node's (traffic policy Local). Each needs a relay of its own. */
export type Reach = 'cluster' | 'local';

export interface Destination {
  readonly id: string;
  readonly kind: 'cluster IP' | 'external IP' | 'load balancer IP' | 'node port';
  /** Absent: addresses of this node (node port). */
  readonly address?: string;
  readonly port: number;
}

export const destinationsOf = (service: ServicePort): Destination[] => {
  const { clusterIp, externalIps, loadBalancerIps, port, nodePort } = service;
  const at = (kind: Destination['kind'], address: string): Destination => ({
    id: `${address} ${port}`,
    kind,
    address,
    port,
  });
  return [
    at('cluster IP', clusterIp),
    ...externalIps.map((address) => at('external IP', address)),
    ...loadBalancerIps.map((address) => at('load balancer IP', address)),
    ...(nodePort === 0 ? [] : [{ id: `node ${nodePort}`, kind: 'node port' as const, port: nodePort }]),
  ];
};

export const reachesOf = (service: ServicePort): Reach[] => [
  ...(usesClusterEndpoints(service) ? ['cluster' as const] : []),
  ...(usesLocalEndpoints(service) ? ['local' as const] : []),
];

/** A socket that a service port needs open. */
export interface SocketSpec {
  readonly id: string;
  readonly reach: Reach;
  readonly address: string;
  /** 0: any of `--proxy-port-range`. */
  readonly port: number;
  /** The destination for which it holds the port, so that no other program takes it. */
  readonly holds?: string;
}

export const incomingSocket = (reach: Reach, { listenAddress }: Place): string => `${reach} ${listenAddress}`;

/**
 * Where the node's own connections arrive. UDP has a socket of its own for them, bound to the node's address: an answer must leave
 * from the address that was asked, and from a wildcard socket it leaves from wherever the route to the client says.
 */
export const ownSocket = (service: ServicePort, reach: Reach, place: Place): string =>
  needsOwnSocket(service, place) ? `${reach} ${place.nodeAddress}` : incomingSocket(reach, place);

const needsOwnSocket = ({ protocol }: ServicePort, { listensEverywhere, nodeAddress }: Place): boolean =>
  protocol === 'UDP' && listensEverywhere && nodeAddress !== undefined;

export const socketsOf = (service: ServicePort, place: Place): SocketSpec[] => {
  const relays = reachesOf(service).flatMap((reach): SocketSpec[] => [
    { id: incomingSocket(reach, place), reach, address: place.listenAddress, port: 0 },
    ...(needsOwnSocket(service, place)
      ? [{ id: ownSocket(service, reach, place), reach, address: place.nodeAddress ?? '', port: 0 }]
      : []),
  ]);
  return isExternallyAccessible(service) ? [...relays, ...holdersOf(service, place)] : relays;
};

/** Only what no rule redirected comes in by these: while somebody has flushed the rules, a node port goes on to serve. */
const holdersOf = (service: ServicePort, place: Place): SocketSpec[] =>
  destinationsOf(service)
    .filter(({ kind }) => kind !== 'cluster IP')
    .flatMap(({ id, address, port }) =>
      heldAddresses(address, place).map(
        (at) => ({ id: `${at} ${port}`, reach: 'cluster', address: at, port, holds: id }) as const,
      ),
    );

/** A node port is held wherever it answers; another address only if it is this machine's. */
const heldAddresses = (address: string | undefined, place: Place): readonly string[] => {
  if (address !== undefined) return place.ownAddresses.includes(address) ? [address] : [];
  if (place.nodePortAddresses !== 'all') return place.nodePortAddresses;
  return [place.family === 'IPv6' ? '::' : '0.0.0.0'];
};
