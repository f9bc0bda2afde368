// The Node object, and the machine itself → what rules depend on.
import type { Node } from '../../../api/core.ts';
import { networkContains } from '../../../api/ip.ts';
import { listAddresses } from '../../sys/iproute.ts';
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

/** The link on which ipvs mode puts the addresses of services: they are not the machine's own. */
export const linkName = 'kube-ipvs0';

/** Addresses of one family that this machine has now. */
export const machineAddresses = (family: IpFamily): string[] =>
  listAddresses(family)
    .filter(({ link }) => link !== linkName)
    .map(({ address }) => address);

/**
 * Where node ports answer.
 * @param cidrs of `--nodeport-addresses`, for both families
 */
export const nodePortAddresses = (
  cidrs: readonly string[],
  family: IpFamily,
  node: NodeView,
): 'all' | readonly string[] => {
  const zero = family === 'IPv6' ? '::/0' : '0.0.0.0/0';
  if (cidrs.includes('primary')) {
    const address = node.addresses[family];
    return address === undefined ? [] : [address];
  }
  const own = cidrs.filter((cidr) => familyOf(cidr) === family);
  if (own.length === 0 || own.includes(zero)) return 'all';
  return [...new Set(machineAddresses(family))]
    .filter((address) => own.some((cidr) => networkContains(cidr, address)))
    .sort();
};

const addressOf = (node: Node | undefined, family: IpFamily): { [F in IpFamily]?: string } => {
  const addresses = (node?.status?.addresses ?? []).filter(({ address }) => familyOf(address) === family);
  const found =
    addresses.find(({ type }) => type === 'InternalIP') ?? addresses.find(({ type }) => type === 'ExternalIP');
  return found ? { [family]: found.address } : {};
};

const boundTo = (address: string): { [F in IpFamily]?: string } =>
  address === '' || address === '0.0.0.0' || address === '::' ? {} : { [familyOf(address)]: address };
