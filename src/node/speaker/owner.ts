// Chooses which node announces the address of a service. Every speaker comes to the same answer from the same objects,
// so they need no leader. Pure.
import { createHash } from 'node:crypto';
import { isConditionTrue } from '../../api/conditions.ts';
import type { Node, Service } from '../../api/core.ts';
import { type EndpointSlice, serviceNameLabel } from '../../api/discovery.ts';
import { networkContains } from '../../api/ip.ts';
import { excludeFromBalancersLabel } from '../../api/labels.ts';
import type { Cidr } from '../../api/scalars.ts';

export interface ClusterState {
  readonly services: Iterable<Service>;
  readonly slices: Iterable<EndpointSlice>;
  readonly nodes: Iterable<Node>;
}

/**
 * The node of each address of the range that a service has. Without an entry, nobody announces the address: the service
 * has no ready endpoint, or no node may announce it.
 */
export const ownersOf = ({ services, slices, nodes }: ClusterState, range: Cidr): ReadonlyMap<string, string> => {
  const endpoints = readyNodes(slices);
  const able = [...nodes].filter(mayAnnounce).map(({ metadata }) => metadata.name);
  return new Map(
    [...services].flatMap((service) => {
      const near = endpoints.get(nameOf(service.metadata.namespace, service.metadata.name));
      if (near === undefined || service.spec.type !== 'LoadBalancer') return [];
      const isLocal = service.spec.externalTrafficPolicy === 'Local';
      const candidates = isLocal ? able.filter((node) => near.has(node)) : able;
      return addressesOf(service, range).flatMap((address) => {
        const owner = chosen(candidates, address);
        return owner === undefined ? [] : [[address, owner] as const];
      });
    }),
  );
};

/** A node whose kubelet reports, and that nobody has excluded (KEP-1143). */
const mayAnnounce = ({ metadata, status }: Node): boolean =>
  metadata.labels?.[excludeFromBalancersLabel] === undefined && isConditionTrue(status?.conditions, 'Ready');

const addressesOf = ({ status }: Service, range: Cidr): readonly string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) =>
    ip !== undefined && networkContains(range, ip) ? [ip] : [],
  );

/** The nodes of the ready endpoints of each service. */
const readyNodes = (slices: Iterable<EndpointSlice>): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>();
  for (const { metadata, endpoints } of slices) {
    const service = metadata.labels?.[serviceNameLabel];
    if (service === undefined) continue;
    const key = nameOf(metadata.namespace, service);
    for (const { conditions, nodeName = '' } of endpoints ?? [])
      if (conditions?.ready !== false) found.set(key, (found.get(key) ?? new Set()).add(nodeName));
  }
  return found;
};

const nameOf = (namespace = '', name: string): string => `${namespace}/${name}`;

/**
 * By rank (rendezvous hashing): addresses spread over the nodes, and a node that leaves moves only its own addresses.
 */
const chosen = (nodes: readonly string[], address: string): string | undefined =>
  nodes.map((node) => ({ node, rank: rankOf(node, address) })).sort((a, b) => a.rank.localeCompare(b.rank))[0]?.node;

const rankOf = (node: string, address: string): string =>
  createHash('sha256').update(`${node}#${address}`).digest('hex');
