// Computes the commands that make this node announce its addresses, and no others. Pure.
import { networkContains } from '../../api/ip.ts';
import type { Cidr } from '../../api/scalars.ts';
import type { LinkAddress } from '../sys/iproute.ts';

export interface Wanted {
  /** The name of this node. */
  readonly node: string;
  readonly owners: ReadonlyMap<string, string>;
  /** The link to the network on which clients ask for the addresses. */
  readonly link: string;
  readonly range: Cidr;
}

export interface Commands {
  /** `ip` with its arguments. */
  readonly changes: readonly (readonly string[])[];
  /** Addresses that this node has just taken over: neighbours may still know another node for them. */
  readonly taken: readonly string[];
}

/**
 * The kernel answers ARP requests for an address of the link, also where `arp_ignore` is 1 (kube-proxy's
 * `--ipvs-strict-arp`). The prefix length 32 makes no route, and leaves the first address of the link the source of the
 * node's own packets.
 */
export const commandsFor = ({ node, owners, link, range }: Wanted, present: readonly LinkAddress[]): Commands => {
  const has = present.filter((each) => each.link === link && networkContains(range, each.address));
  const wanted = [...owners].filter(([, owner]) => owner === node).map(([address]) => address);
  const taken = wanted.filter((address) => !has.some((each) => each.address === address));
  const given = has.filter(({ address }) => !wanted.includes(address));
  const change = (verb: 'add' | 'delete', address: string) => ['ip', 'address', verb, `${address}/32`, 'dev', link];
  return {
    changes: [
      ...given.map(({ address }) => change('delete', address)),
      ...taken.map((address) => change('add', address)),
    ],
    taken,
  };
};

/** Unsolicited ARP requests (RFC 5227, section 3): neighbours replace the entry that they have. */
export const announcement = (address: string, link: string): readonly string[] => [
  ...['arping', '-q', '-U', '-c', '3', '-I', link, address],
];
