// Chooses the endpoints that a service port's traffic goes to: by traffic policy, topology hints, and readiness.
import {
  type NodeView,
  type ProxyEndpoint,
  type ServicePort,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from '../types.ts';

export interface Categories {
  /** For traffic policy Cluster. */
  readonly cluster: readonly ProxyEndpoint[];
  /** For traffic policy Local. */
  readonly local: readonly ProxyEndpoint[];
  /** The union of both lists. These endpoints need rules. */
  readonly reachable: readonly ProxyEndpoint[];
  /** Whether the service has a usable endpoint anywhere; if not, packets are rejected. */
  readonly any: boolean;
}

export type TrafficPolicy = 'internal' | 'external';

/** The traffic policies `Local` for which this node has no endpoint although other nodes have some. */
export const localGaps = (port: ServicePort, { any, local }: Categories): TrafficPolicy[] => {
  if (!any || local.length > 0) return [];
  return [
    ...(port.internalPolicyLocal ? ['internal' as const] : []),
    ...(port.externalPolicyLocal ? ['external' as const] : []),
  ];
};

type Node = Pick<NodeView, 'name' | 'zone'>;

/** Follows the original's CategorizeEndpoints. */
export const categorize = (port: ServicePort, endpoints: readonly ProxyEndpoint[], node: Node): Categories => {
  const cluster = usesClusterEndpoints(port) ? clusterEndpoints(endpoints, node) : [];
  if (!usesLocalEndpoints(port)) return { cluster, local: [], reachable: cluster, any: cluster.length > 0 };
  const local = usable(endpoints.filter((endpoint) => endpoint.local));
  const reached = new Set([...cluster, ...local]);
  return {
    cluster,
    local,
    reachable: endpoints.filter((endpoint) => reached.has(endpoint)),
    any: cluster.length > 0 || usable(endpoints).length > 0,
  };
};

const clusterEndpoints = (endpoints: readonly ProxyEndpoint[], node: Node): readonly ProxyEndpoint[] => {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const near = nearest(ready, node);
  return near.length > 0 ? near : usable(endpoints);
};

/** The ready endpoints. If there are none: the terminating endpoints that still serve (KEP-1669). */
const usable = (endpoints: readonly ProxyEndpoint[]): readonly ProxyEndpoint[] => {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : endpoints.filter(({ serving, terminating }) => serving && terminating);
};

/**
 * Endpoints with a topology hint for this node, or else for its zone. Hints are used only if every ready endpoint has
 * hints and at least one hint fits. Otherwise traffic could be lost while the controller is still writing the hints.
 */
const nearest = (ready: readonly ProxyEndpoint[], node: Node): readonly ProxyEndpoint[] => {
  const { zone } = node;
  const forNode = ready.filter(({ nodeHints }) => nodeHints.includes(node.name));
  if (forNode.length > 0 && ready.every(({ nodeHints }) => nodeHints.length > 0)) return forNode;
  const forZone = zone === undefined ? [] : ready.filter(({ zoneHints }) => zoneHints.includes(zone));
  if (forZone.length > 0 && ready.every(({ zoneHints }) => zoneHints.length > 0)) return forZone;
  return ready;
};
