// The addresses of this machine, and those of them that accept node ports.
import { networkContains } from '../../../api/ip.ts';
import { listAddresses } from '../../sys/iproute.ts';
import { familyOf, type IpFamily, type NodeView } from '../types.ts';

/**
 * The link to which ipvs mode adds the addresses of services. Those are not the machine's own, whatever mode runs: an
 * ipvs mode that ran before may have left the link.
 */
export const serviceLink = 'kube-ipvs0';

/** Addresses of one family that this machine has now, without those of services. */
export const machineAddresses = (family: IpFamily): string[] =>
  listAddresses(family)
    .filter(({ link }) => link !== serviceLink)
    .map(({ address }) => address);

/**
 * The addresses that accept node ports.
 * @param cidrs of `--nodeport-addresses`, for both families; `primary`: the Node object's address
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
