// The content of table `kube-proxy` as data: sets and maps, their elements, and chains.
import type { IpFamily } from '../types.ts';

export type Item = NamedSet | Chain | Element;

/** A set, or a map, whose elements have values. */
export interface NamedSet {
  readonly kind: 'set' | 'map';
  readonly name: string;
  /** The text between the braces of its definition. One name always has the same text. */
  readonly spec: string;
}

export interface Chain {
  readonly kind: 'chain';
  readonly name: string;
  /**
   * Type, hook and priority of a base chain; one name always has the same. Absent for chains that only other chains
   * jump to.
   */
  readonly hook?: string;
  /** Rules in nft's syntax. */
  readonly rules: readonly string[];
}

export interface Element {
  readonly kind: 'element';
  readonly set: SetName;
  /** In nft's syntax, for example `10.96.0.20 . tcp . 80`. */
  readonly key: string;
  /** Only in maps. */
  readonly value?: string;
  /** The service port's name, for people who list the elements. */
  readonly comment?: string;
}

/** The sets and maps that always exist. */
export const sets = {
  clusterIps: 'cluster-ips',
  nodePortIps: 'nodeport-ips',
  serviceIps: 'service-ips',
  serviceNodePorts: 'service-nodeports',
  rejected: 'no-endpoints',
  dropped: 'no-local-endpoints',
  rejectedNodePorts: 'no-endpoints-nodeports',
  droppedNodePorts: 'no-local-endpoints-nodeports',
  firewall: 'firewall-ips',
  hairpin: 'hairpin-connections',
} as const;

/**
 * Maps from a random number to an endpoint. nft needs one per protocol, because a port in a key must belong to a
 * protocol.
 */
export const choiceMaps = ['endpoints', 'local-endpoints', 'nodeport-endpoints', 'nodeport-local-endpoints'] as const;
export const protocols = ['tcp', 'udp', 'sctp'] as const;

export type NftProtocol = (typeof protocols)[number];
export type ChoiceMap = `${(typeof choiceMaps)[number]}-${NftProtocol}`;
export type SetName = (typeof sets)[keyof typeof sets] | ChoiceMap;

/** nft expressions for one address family. */
export interface Words {
  /** The family's keyword, as in `table ip` and `ip saddr`. */
  readonly ip: 'ip' | 'ip6';
  /** The type of the family's addresses. */
  readonly address: string;
  /** The loopback range, where node ports never answer. */
  readonly loopback: string;
  /** The packet's destination address, protocol and port. */
  readonly destination: string;
}

/** Protocol and destination port, without the address. */
export const portAlone = 'meta l4proto . th dport';

const wordsOf = (ip: Words['ip'], address: string, loopback: string): Words => ({
  ...{ ip, address, loopback },
  destination: `${ip} daddr . ${portAlone}`,
});

export const words: Readonly<Record<IpFamily, Words>> = {
  IPv4: wordsOf('ip', 'ipv4_addr', '127.0.0.0/8'),
  IPv6: wordsOf('ip6', 'ipv6_addr', '::1'),
};

export const tableOf = (family: IpFamily): string => `${words[family].ip} kube-proxy`;

/**
 * Names are unique within a space. Chains share one space, sets and maps share another, and each set's elements have
 * their own.
 */
export const spaceOf = (item: Item): string => {
  if (item.kind === 'element') return item.set;
  return item.kind === 'chain' ? 'chain' : 'set';
};

export const nameOf = (item: Item): string => (item.kind === 'element' ? item.key : item.name);

/** The table cannot hold two items with the same identity. */
export const identityOf = (item: Item): string => `${spaceOf(item)} ${nameOf(item)}`;

export const sameItem = (a: Item, b: Item): boolean => {
  if (a.kind === 'element') return b.kind === 'element' && a.value === b.value && a.comment === b.comment;
  if (a.kind === 'chain') return b.kind === 'chain' && a.rules.join('\n') === b.rules.join('\n');
  return a.kind === b.kind;
};
