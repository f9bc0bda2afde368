// Builds the part of the table that does not depend on services: the base chains with their hooks, and the lookups for
// every packet.
import type { LocalMatch } from '../local-detector.ts';
import type { IpFamily } from '../types.ts';
import {
  type Chain,
  choiceMaps,
  type Item,
  type NamedSet,
  portAlone,
  protocols,
  type SetName,
  sets,
  type Words,
  words,
} from './model.ts';

export interface BaseOptions {
  readonly family: IpFamily;
  readonly masqueradeMark: number;
  readonly masqueradeAll: boolean;
  /** How to recognise traffic from pods of this node. */
  readonly local: LocalMatch;
  readonly nodePortAddresses: 'all' | readonly string[];
}

export const buildBase = (options: BaseOptions): Item[] => {
  const { ip } = words[options.family];
  const addresses = options.nodePortAddresses === 'all' ? [] : options.nodePortAddresses;
  return [
    ...namedSets(words[options.family]),
    ...addresses.map((key): Item => ({ kind: 'element', set: sets.nodePortIps, key })),
    ...filterChains(),
    ...natChains(options),
    chain('firewall-check', [`${words[options.family].destination} vmap @${sets.firewall}`]),
    chain('service-endpoints-check', refusals(words[options.family].destination, sets.rejected, sets.dropped)),
    chain(
      'nodeport-endpoints-check',
      refusals(`${nodePortMatch(options)} ${portAlone}`, sets.rejectedNodePorts, sets.droppedNodePorts),
    ),
    // A cluster IP with an unknown port is rejected. Otherwise the packet would go to the default gateway.
    chain('cluster-ips-check', [`${ip} daddr @${sets.clusterIps} reject`]),
  ];
};

/**
 * Marks a packet for masquerading: the node's address becomes its source, so that replies come back through this node.
 */
export const markRule = (mark: number): string => `meta mark set meta mark | ${hex(mark)}`;

/** The match for packets from pods of this node; with `!= `, for all other packets. */
export const localRule = (local: NonNullable<LocalMatch>, { ip }: Words, not: '' | '!= '): string => {
  if (local.kind === 'source') return `${ip} saddr ${not}${local.cidr}`;
  return `iifname ${not}"${local.name.replace(/\+$/, '*')}"`;
};

const chain = (name: string, rules: readonly string[], hook?: string): Chain =>
  hook === undefined ? { kind: 'chain', name, rules } : { kind: 'chain', name, hook, rules };

const namedSets = ({ ip, address }: Words): NamedSet[] => {
  const front = `${address} . inet_proto . inet_service`;
  const port = 'inet_proto . inet_service';
  const choices = protocols.flatMap((protocol) =>
    choiceMaps.map((name) => {
      const key = name.startsWith('nodeport') ? '' : `${ip} daddr . `;
      // The key contains a random number, which `type` cannot express and `typeof` can.
      const spec = `typeof ${key}${protocol} dport . numgen random mod 2 : ${ip} daddr . ${protocol} dport ;`;
      return [`${name}-${protocol}`, 'map', spec] as const;
    }),
  );
  const specs: readonly (readonly [name: SetName, kind: NamedSet['kind'], spec: string])[] = [
    [sets.clusterIps, 'set', `type ${address} ;`],
    [sets.nodePortIps, 'set', `type ${address} ;`],
    [sets.serviceIps, 'map', `type ${front} : verdict ;`],
    [sets.serviceNodePorts, 'map', `type ${port} : verdict ;`],
    ...choices,
    [sets.rejected, 'set', `type ${front} ;`],
    [sets.dropped, 'set', `type ${front} ;`],
    [sets.rejectedNodePorts, 'set', `type ${port} ;`],
    [sets.droppedNodePorts, 'set', `type ${port} ;`],
    [sets.firewall, 'map', `type ${front} : verdict ;`],
    [sets.hairpin, 'set', `type ${address} . ${front} ;`],
  ];
  return specs.map(([name, kind, spec]) => ({ kind, name, spec }));
};

/**
 * The endpoint checks run after DNAT. A packet that got an endpoint has another destination by then and does not match.
 */
const filterChains = (): Chain[] => {
  const ask = (name: string): string => `ct state new jump ${name}`;
  const filter = (name: string, hook: string, rules: readonly string[]): Chain =>
    chain(name, rules.map(ask), `type filter hook ${hook} ;`);
  return [
    filter('filter-prerouting-pre-dnat', 'prerouting priority -110', ['firewall-check']),
    filter('filter-output-pre-dnat', 'output priority -110', ['firewall-check']),
    filter('filter-input', 'input priority 0', ['nodeport-endpoints-check', 'service-endpoints-check']),
    filter('filter-forward', 'forward priority 0', ['service-endpoints-check', 'cluster-ips-check']),
    filter('filter-output', 'output priority 0', ['service-endpoints-check', 'cluster-ips-check']),
  ];
};

const natChains = (options: BaseOptions): Chain[] => {
  const { ip, destination } = words[options.family];
  const mark = hex(options.masqueradeMark);
  const nat = (name: string, hook: string, rule: string): Chain => chain(name, [rule], `type nat hook ${hook} ;`);
  return [
    nat('nat-prerouting', 'prerouting priority -100', 'jump services'),
    nat('nat-output', 'output priority -100', 'jump services'),
    nat('nat-postrouting', 'postrouting priority 100', 'jump masquerading'),
    chain('services', [
      ...clusterIpMasquerade(options),
      `${destination} vmap @${sets.serviceIps}`,
      `${nodePortMatch(options)} ${portAlone} vmap @${sets.serviceNodePorts}`,
    ]),
    chain('masquerading', [
      `meta mark & ${mark} != 0 meta mark set meta mark ^ ${mark} masquerade fully-random`,
      // A pod that reaches itself through a service must not see its own address as the client.
      `ct status dnat ${ip} saddr . ${destination} @${sets.hairpin} masquerade fully-random`,
    ]),
  ];
};

/** Masquerades traffic from outside of this node's pods, because its replies could otherwise bypass this node. */
const clusterIpMasquerade = ({ family, masqueradeAll, masqueradeMark, local }: BaseOptions): string[] => {
  const match = `${words[family].ip} daddr @${sets.clusterIps}`;
  if (masqueradeAll) return [`${match} ${markRule(masqueradeMark)}`];
  return local ? [`${match} ${localRule(local, words[family], '!= ')} ${markRule(masqueradeMark)}`] : [];
};

const nodePortMatch = ({ family, nodePortAddresses }: BaseOptions): string => {
  const { ip, loopback } = words[family];
  if (nodePortAddresses === 'all') return `fib daddr type local ${ip} daddr != ${loopback}`;
  return `${ip} daddr @${sets.nodePortIps}`;
};

/**
 * A service without endpoints rejects packets. One without endpoints on this node drops them, as another node may
 * answer.
 */
const refusals = (match: string, rejected: SetName, dropped: SetName): string[] => [
  `${match} @${rejected} reject`,
  `${match} @${dropped} drop`,
];

const hex = (mark: number): string => `0x${mark.toString(16)}`;
