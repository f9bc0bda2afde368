// The Node object → what rules depend on. An address or a network that no rule can hold is left out and logged.

import type { Node } from '../../../api/core.ts';
import { zoneLabel } from '../../../api/labels.ts';
import { type Address, addressOf, type Ip, type Network, networkOf } from '../scalars.ts';
import type { IpFamily, NodeView } from '../types.ts';
import { type Complain, type Json, listOf, recordOf, shown, silently, textOf } from './json.ts';

/** The cluster autoscaler's, before it removes a node. */
const removalTaint = 'ToBeDeletedByClusterAutoscaler';

/** @param bindAddress wins over the object's addresses unless it is a wildcard */
export const nodeView = (
  name: string,
  node: Node | undefined,
  bindAddress: string,
  complain: Complain = silently,
): NodeView => {
  const { metadata, spec, status } = recordOf(node);
  const { labels, deletionTimestamp } = recordOf(metadata);
  const { podCIDR, podCIDRs, taints } = recordOf(spec);
  const addresses = listOf(recordOf(status).addresses).map(recordOf);
  const cidrs = podCIDRs === undefined ? [podCIDR].filter((cidr) => cidr !== undefined) : listOf(podCIDRs);
  return {
    name,
    addresses: { ...nodeAddress(addresses, 'IPv4'), ...nodeAddress(addresses, 'IPv6'), ...boundTo(bindAddress) },
    zone: textOf(recordOf(labels)[zoneLabel]),
    podCidrs: podNetworks(cidrs, complain),
    eligible: deletionTimestamp === undefined && !listOf(taints).some((taint) => recordOf(taint).key === removalTaint),
  };
};

/** The parts of a Node that rules depend on, so that heartbeats change nothing. */
export const sameNode = (a: NodeView, b: NodeView): boolean => JSON.stringify(a) === JSON.stringify(b);

const podNetworks = (cidrs: readonly unknown[], complain: Complain): Network[] =>
  cidrs.flatMap((cidr): Network[] => {
    const network = networkOf(cidr, 'IPv4') ?? networkOf(cidr, 'IPv6');
    if (network === undefined && cidr !== '') complain('Ignoring invalid pod CIDR of the node', { cidr: shown(cidr) });
    return network === undefined ? [] : [network];
  });

const nodeAddress = (addresses: readonly Json[], family: IpFamily): { [F in IpFamily]?: Ip } => {
  const usable = addresses.flatMap(({ type, address }): { type: unknown; address: Address }[] => {
    const parsed = addressOf(address);
    return parsed?.family === family ? [{ type, address: parsed }] : [];
  });
  const found = usable.find(({ type }) => type === 'InternalIP') ?? usable.find(({ type }) => type === 'ExternalIP');
  return found ? { [family]: found.address.ip } : {};
};

const boundTo = (address: string): { [F in IpFamily]?: Ip } => {
  const bound = addressOf(address);
  return !bound || address === '0.0.0.0' || address === '::' ? {} : { [bound.family]: bound.ip };
};
