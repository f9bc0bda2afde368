// A service port → its addresses, the endpoints that each address leads to, and the sockets that kube-proxy needs for
// them.
import { isExternallyAccessible, type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from '../types.ts';
import type { Place } from './place.ts';

/** All endpoints of the cluster, or only those of this node (traffic policy Local). Each reach has its own relay. */
export type Reach = 'cluster' | 'local';

export interface Destination {
  readonly id: string;
  readonly kind: 'cluster IP' | 'external IP' | 'load balancer IP' | 'node port';
  /** Absent for a node port, which uses the addresses of this node. */
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
  /** Id of the destination whose port this socket reserves, so that no other program can use it. */
  readonly reserves?: string;
}

export const incomingSocket = (reach: Reach, { listenAddress }: Place): string => `${reach} ${listenAddress}`;

/**
 * The socket for the node's own connections. UDP has a separate one, bound to the node's address: a reply must have the
 * address that was asked as its source, but for a wildcard socket the route to the client decides the source.
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
  return isExternallyAccessible(service) ? [...relays, ...reservedSockets(service, place)] : relays;
};

/**
 * Sockets that reserve ports. They get only packets that no rule redirects, so a node port works even after a flush of
 * the rules.
 */
const reservedSockets = (service: ServicePort, place: Place): SocketSpec[] =>
  destinationsOf(service)
    .filter(({ kind }) => kind !== 'cluster IP')
    .flatMap(({ id, address, port }) =>
      reservedAddresses(address, place).map(
        (at) => ({ id: `${at} ${port}`, reach: 'cluster', address: at, port, reserves: id }) as const,
      ),
    );

/** A node port is reserved at all addresses that accept it, another address only if this machine has it. */
const reservedAddresses = (address: string | undefined, place: Place): readonly string[] => {
  if (address !== undefined) return place.ownAddresses.includes(address) ? [address] : [];
  if (place.nodePortAddresses !== 'all') return place.nodePortAddresses;
  return [place.family === 'IPv6' ? '::' : '0.0.0.0'];
};
