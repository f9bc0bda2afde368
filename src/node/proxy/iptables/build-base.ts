// The rules that are there whatever the services are: where packets enter our chains, marking and masquerading, the canaries.
import type { IpFamily } from '../types.ts';
import { chain } from './names.ts';
import { ruleText } from './rule.ts';

export interface BaseOptions {
  readonly family: IpFamily;
  /** One bit, e.g. 0x4000 (`--iptables-masquerade-bit` 14). */
  readonly masqueradeMark: number;
  readonly localhostNodePorts: boolean;
  /** Addresses of this node at which node ports answer; `all` of them by default. */
  readonly nodePortAddresses: 'all' | readonly string[];
  readonly randomFully: boolean;
  /** Doesn't drop packets that conntrack finds invalid. */
  readonly conntrackTcpBeLiberal: boolean;
  /** Counts invalid packets, where the kernel has nfacct. */
  readonly nfacct: boolean;
}

export type TableName = 'mangle' | 'nat' | 'filter';

export interface BaseChain {
  readonly table: TableName;
  readonly name: string;
  readonly rules: readonly string[];
}

/** A rule in a built-in chain, which we share with the rest of the world. */
export interface Jump {
  readonly table: TableName;
  readonly chain: string;
  /** The chain of ours that it leads to. */
  readonly to: string;
  readonly text: string;
}

export interface BaseRules {
  readonly chains: readonly BaseChain[];
  /** In the order in which they stand in their chains. */
  readonly jumps: readonly Jump[];
  /** What stands at the end of nat's KUBE-SERVICES: node ports come after everything with an address of its own. */
  readonly servicesTail: readonly string[];
}

export const buildBase = (options: BaseOptions): BaseRules => ({
  chains: [
    { table: 'mangle', name: chain.canary, rules: [] },
    { table: 'filter', name: chain.canary, rules: [] },
    { table: 'filter', name: chain.firewall, rules: firewall(options) },
    { table: 'filter', name: chain.forward, rules: forward(options) },
    { table: 'nat', name: chain.canary, rules: [] },
    { table: 'nat', name: chain.markMasq, rules: [`-j MARK --set-xmark ${mark(options)}/${mark(options)}`] },
    { table: 'nat', name: chain.postrouting, rules: postrouting(options) },
  ],
  jumps,
  servicesTail: servicesTail(options),
});

const hex = (value: number): string => `0x${value.toString(16)}`;
const mark = ({ masqueradeMark }: BaseOptions): string => hex(masqueradeMark);

/** route_localnet, which node ports on 127.0.0.1 need, would let neighbours reach our loopback (CVE-2020-8558). */
const firewall = ({ family, localhostNodePorts }: BaseOptions): string[] =>
  family === 'IPv4' && localhostNodePorts
    ? [
        ruleText({
          source: '! 127.0.0.0/8',
          destination: '127.0.0.0/8',
          comment: 'block incoming localnet connections',
          modules: ['-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT'],
          jump: 'DROP',
        }),
      ]
    : [];

/** An invalid packet would go out unmasqueraded and make the endpoint reset the connection (kubernetes#74839). */
const forward = (options: BaseOptions): string[] => {
  const counted = options.nfacct ? ['-m nfacct --nfacct-name  ct_state_invalid_dropped_pkts'] : [];
  const invalid = ruleText({ before: ['-m conntrack --ctstate INVALID'], modules: counted, jump: 'DROP' });
  return [
    ...(options.conntrackTcpBeLiberal ? [] : [invalid]),
    ruleText({
      comment: 'kubernetes forwarding rules',
      modules: [`-m mark --mark ${mark(options)}/${mark(options)}`],
      jump: 'ACCEPT',
    }),
    ruleText({
      comment: 'kubernetes forwarding conntrack rule',
      modules: ['-m conntrack --ctstate RELATED,ESTABLISHED'],
      jump: 'ACCEPT',
    }),
  ];
};

/** Takes the mark off again: a packet may come by a second time, encapsulated. */
const postrouting = (options: BaseOptions): string[] => [
  `-m mark ! --mark ${mark(options)}/${mark(options)} -j RETURN`,
  `-j MARK --set-xmark ${mark(options)}/0x0`,
  ruleText({
    comment: 'kubernetes service traffic requiring SNAT',
    jump: options.randomFully ? 'MASQUERADE --random-fully' : 'MASQUERADE',
  }),
];

const servicesTail = ({ family, nodePortAddresses, localhostNodePorts }: BaseOptions): string[] => {
  const comment = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain';
  if (nodePortAddresses !== 'all') {
    // Loopback works only with route_localnet, which IPv6 doesn't have.
    const usable = nodePortAddresses.filter((address) => localhostNodePorts || !address.startsWith('127.'));
    return usable
      .filter((address) => address !== '::1')
      .map((destination) => ruleText({ destination, comment, jump: chain.nodePorts }));
  }
  const loopback = family === 'IPv6' ? '::1/128' : localhostNodePorts ? undefined : '127.0.0.0/8';
  const rule = { comment, modules: ['-m addrtype --dst-type LOCAL'], jump: chain.nodePorts };
  return [ruleText({ ...rule, ...(loopback === undefined ? {} : { destination: `! ${loopback}` }) })];
};

const jump = (table: TableName, from: string, to: string, comment?: string, newOnly = false): Jump => ({
  table,
  chain: from,
  to,
  text: ruleText({
    ...(newOnly ? { before: ['-m conntrack --ctstate NEW'] } : {}),
    ...(comment === undefined ? {} : { comment }),
    jump: to,
  }),
});

const portals = 'kubernetes service portals';
const visible = 'kubernetes externally-visible service portals';
const balancer = 'kubernetes load balancer firewall';

/** From the kernel's own chains to ours. */
export const jumps: readonly Jump[] = [
  jump('filter', 'INPUT', chain.firewall),
  jump('filter', 'INPUT', chain.proxyFirewall, balancer, true),
  jump('filter', 'INPUT', chain.nodePorts, 'kubernetes health check service ports'),
  jump('filter', 'INPUT', chain.externalServices, visible, true),
  jump('filter', 'FORWARD', chain.proxyFirewall, balancer, true),
  jump('filter', 'FORWARD', chain.forward, 'kubernetes forwarding rules'),
  jump('filter', 'FORWARD', chain.services, portals, true),
  jump('filter', 'FORWARD', chain.externalServices, visible, true),
  jump('filter', 'OUTPUT', chain.firewall),
  jump('filter', 'OUTPUT', chain.proxyFirewall, balancer, true),
  jump('filter', 'OUTPUT', chain.services, portals, true),
  jump('nat', 'PREROUTING', chain.services, portals),
  jump('nat', 'OUTPUT', chain.services, portals),
  jump('nat', 'POSTROUTING', chain.postrouting, 'kubernetes postrouting rules'),
];
