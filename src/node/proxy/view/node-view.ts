// The Node object → what rules depend on.
import type { Node } from '../../../api/core.ts';
import { familyOf, type IpFamily, type NodeView } from '../types.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
/** The cluster autoscaler's, before it removes a node. */
const removalTaint = 'ToBeDeletedByClusterAutoscaler';

/** @param bindAddress wins over the object's addresses unless it is a wildcard */
export const nodeView = (name: string, node: Node | undefined, bindAddress: string): NodeView => ({
  name,
  addresses: { ...addressOf(node, 'IPv4'), ...addressOf(node, 'IPv6'), ...boundTo(bindAddress) },
  zone: node?.metadata.labels?.[zoneLabel],
  podCidrs: node?.spec?.podCIDRs ?? (node?.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR]),
  eligible:
    node?.metadata.deletionTimestamp === undefined &&
    !(node?.spec?.taints ?? []).some(({ key }) => key === removalTaint),
});

/** The parts of a Node that rules depend on, so that heartbeats change nothing. */
export const sameNode = (a: NodeView, b: NodeView): boolean => JSON.stringify(a) === JSON.stringify(b);

const addressOf = (node: Node | undefined, family: IpFamily): { [F in IpFamily]?: string } => {
  const addresses = (node?.status?.addresses ?? []).filter(({ address }) => familyOf(address) === family);
  const found =
    addresses.find(({ type }) => type === 'InternalIP') ?? addresses.find(({ type }) => type === 'ExternalIP');
  return found ? { [family]: found.address } : {};
};

const boundTo = (address: string): { [F in IpFamily]?: string } =>
  address === '' || address === '0.0.0.0' || address === '::' ? {} : { [familyOf(address)]: address };
