// The state of the cluster for one scheduling decision: the nodes with their bound pods.
import type { Namespace, Node } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { type Amounts, amountsOf, type HostPort, hostPortsOf, requestsOf } from '../../api/requests.ts';
import type { Labels } from '../../api/selectors.ts';
import { weightOf } from './resources.ts';

export interface NodeInfo {
  readonly node: Node;
  readonly allocatable: Amounts;
  readonly pods: Pod[];
  readonly requested: Map<string, number>;
  /** The requests with defaults, for the load only. */
  readonly weight: { cpu: number; memory: number };
  readonly hostPorts: HostPort[];
}

export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  /** Namespace → its labels. */
  readonly namespaces: ReadonlyMap<string, Labels>;
}

interface Extras {
  /** Pod uid → node, for bound pods that the cache does not show as bound yet. */
  readonly placed?: ReadonlyMap<string, string>;
  readonly namespaces?: Iterable<Namespace>;
}

export const buildSnapshot = (
  nodes: Iterable<Node>,
  pods: Iterable<Pod>,
  { placed = new Map(), namespaces = [] }: Extras = {},
): Snapshot => {
  const infos = new Map<string, NodeInfo>();
  for (const node of nodes) {
    if (node.metadata.deletionTimestamp) continue;
    infos.set(node.metadata.name, emptyNode(node));
  }
  for (const pod of pods) {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    const info = infos.get(pod.spec.nodeName ?? placed.get(pod.metadata.uid ?? '') ?? '');
    if (info) place(pod, info);
  }
  return {
    nodes: [...infos.values()].sort((a, b) => (a.node.metadata.name < b.node.metadata.name ? -1 : 1)),
    namespaces: new Map([...namespaces].map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
  };
};

const emptyNode = (node: Node): NodeInfo => ({
  node,
  allocatable: amountsOf(node.status?.allocatable),
  pods: [],
  requested: new Map(),
  weight: { cpu: 0, memory: 0 },
  hostPorts: [],
});

/** The node as if it had these pods. */
export const withPods = ({ node }: NodeInfo, pods: readonly Pod[]): NodeInfo => {
  const info = emptyNode(node);
  for (const pod of pods) place(pod, info);
  return info;
};

/** Adds the pod to the node. */
export const place = (pod: Pod, info: NodeInfo): void => {
  const requests = requestsOf(pod);
  for (const [resource, value] of requests) info.requested.set(resource, (info.requested.get(resource) ?? 0) + value);
  const { cpu, memory } = weightOf(requests);
  info.weight.cpu += cpu;
  info.weight.memory += memory;
  info.pods.push(pod);
  info.hostPorts.push(...hostPortsOf(pod));
};
