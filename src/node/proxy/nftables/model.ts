// What table `kube-proxy` consists of, as data: sets and maps, their elements, and chains.
import type { IpFamily } from '../types.ts';

export type Item = NamedSet | Chain | Element;

/** A set, or a map where it has values. */
export interface NamedSet {
  readonly kind: 'set' | 'map';
  readonly name: string;
  /** What stands between the braces of its definition. Never differs for one name. */
  readonly spec: string;
}

export interface Chain {
  readonly kind: 'chain';
  readonly name: string;
  /** Where the kernel enters it; never differs for one name. Absent: only other chains lead to it. */
  readonly hook?: string;
  /** Each as nft reads it. */
  readonly rules: readonly string[];
}

export interface Element {
  readonly kind: 'element';
  readonly set: SetName;
  /** As nft writes it, e.g. `10.96.0.20 . tcp . 80`. */
  readonly key: string;
  /** Only of maps. */
  readonly value?: string;
  /** The service port, for whoever reads the list. */
  readonly comment?: string;
}

/** The sets and maps that exist whatever the services are. */
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

/** The maps from a drawn number to an endpoint: one of each per protocol, as nft lets none speak of ports without saying whose. */
export const choiceMaps = ['endpoints', 'local-endpoints', 'nodeport-endpoints', 'nodeport-local-endpoints'] as const;
export const protocols = ['tcp', 'udp', 'sctp'] as const;

export type NftProtocol = (typeof protocols)[number];
export type ChoiceMap = `${(typeof choiceMaps)[number]}-${NftProtocol}`;
export type SetName = (typeof sets)[keyof typeof sets] | ChoiceMap;

/** What a packet is looked up by. */
export interface Words {
  /** The family, as in `table ip` and `ip saddr`. */
  readonly ip: 'ip' | 'ip6';
  /** The type of an address. */
  readonly address: string;
  /** Node ports never answer here. */
  readonly loopback: string;
  /** Address and port that a packet is for. */
  readonly destination: string;
}

/** The port alone, whatever address it is at. */
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

/** Within a space, names are unique: chains have one, sets and maps have one, and so have the elements of each set. */
export const spaceOf = (item: Item): string => {
  if (item.kind === 'element') return item.set;
  return item.kind === 'chain' ? 'chain' : 'set';
};

export const nameOf = (item: Item): string => (item.kind === 'element' ? item.key : item.name);

/** Two items with one identity can't be in the table at one time. */
export const identityOf = (item: Item): string => `${spaceOf(item)} ${nameOf(item)}`;

export const sameItem = (a: Item, b: Item): boolean => {
  if (a.kind === 'element') return b.kind === 'element' && a.value === b.value && a.comment === b.comment;
  if (a.kind === 'chain') return b.kind === 'chain' && a.rules.join('\n') === b.rules.join('\n');
  return a.kind === b.kind;
};
