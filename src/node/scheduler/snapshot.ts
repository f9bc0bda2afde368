// The state of the cluster for one scheduling decision: the nodes with their bound pods.
import type { ContainerPort, Node, Pod } from '../../api/core.ts';
import { type Amounts, allocatableOf, requestsOf, weightOf } from './resources.ts';

export interface NodeInfo {
  readonly node: Node;
  readonly allocatable: Amounts;
  readonly pods: Pod[];
  readonly requested: Map<string, number>;
  /** The requests with defaults, for the load only. */
  readonly weight: { cpu: number; memory: number };
  readonly hostPorts: HostPort[];
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** @param placed pod uid → node, for bound pods that the cache does not show as bound yet */
export const buildSnapshot = (
  nodes: Iterable<Node>,
  pods: Iterable<Pod>,
  placed: ReadonlyMap<string, string> = new Map(),
): NodeInfo[] => {
  const infos = new Map<string, NodeInfo>();
  for (const node of nodes) {
    if (node.metadata.deletionTimestamp) continue;
    infos.set(node.metadata.name, {
      node,
      allocatable: allocatableOf(node),
      pods: [],
      requested: new Map(),
      weight: { cpu: 0, memory: 0 },
      hostPorts: [],
    });
  }
  for (const pod of pods) {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    const info = infos.get(pod.spec.nodeName ?? placed.get(pod.metadata.uid ?? '') ?? '');
    if (info) place(pod, info);
  }
  return [...infos.values()].sort((a, b) => (a.node.metadata.name < b.node.metadata.name ? -1 : 1));
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

/** The ports of the node that the pod uses. With the host network, each container port is a port of the node. */
export const hostPortsOf = ({ spec }: Pod): HostPort[] => {
  const portOf = ({ hostPort, containerPort }: ContainerPort): number =>
    hostPort ?? (spec.hostNetwork ? containerPort : 0);
  return spec.containers
    .flatMap(({ ports = [] }) => ports)
    .filter((port) => portOf(port) > 0)
    .map((port) => ({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: portOf(port) }));
};
