// The rules of ipvs mode. They are the same whatever the services are, but for sets without members, which no rule asks.
//
//   nat     PREROUTING, OUTPUT ─▶ KUBE-SERVICES ─┬─▶ KUBE-LOAD-BALANCER ─┐ in a set? ─▶ KUBE-MARK-MASQ
//                                                └─▶ KUBE-NODE-PORT ─────┘
//           POSTROUTING ─▶ KUBE-POSTROUTING        (marked: our address as source)
//   filter  INPUT ─▶ KUBE-IPVS-FILTER              (a service's address at a port without a service: refused)
//           INPUT, FORWARD ─▶ KUBE-PROXY-FIREWALL  (a load balancer's source ranges)
//           OUTPUT ─▶ KUBE-IPVS-OUT-FILTER         (the same, for what the node itself sends)
import type { BaseChain, Jump, TableName } from '../iptables/build-base.ts';
import { type RuleSpec, ruleText } from '../iptables/rule.ts';
import type { LocalMatch } from '../local-detector.ts';
import type { IpFamily } from '../types.ts';
import type { KeptFromNode } from './build-port.ts';
import { chain } from './chains.ts';
import { passSets, type SetKey, setComment, setName } from './sets.ts';

export interface RuleOptions {
  readonly family: IpFamily;
  /** One bit, e.g. 0x4000. */
  readonly masqueradeMark: number;
  readonly masqueradeAll: boolean;
  readonly local: LocalMatch;
  /** Sets that have members. */
  readonly filled: ReadonlySet<SetKey>;
  readonly keptFromNode: readonly KeptFromNode[];
  /** Sets of ours by name that are somebody else's: no rule may ask them. */
  readonly foreign: ReadonlySet<SetKey>;
}

/** All chains of ours, in the order nat, filter. */
export const buildRules = (options: RuleOptions): readonly BaseChain[] => {
  const of = (table: TableName, chains: Readonly<Record<string, readonly string[]>>): BaseChain[] =>
    Object.entries(chains).map(([name, rules]) => ({ table, name, rules }));
  return [
    ...of('nat', {
      [chain.services]: services(options),
      [chain.loadBalancer]: [
        ...inSet(options, 'LOAD-BALANCER-LOCAL', 'dst,dst', { jump: 'RETURN' }),
        `-j ${chain.markMasq}`,
      ],
      [chain.nodePort]: nodePorts(options),
      [chain.markMasq]: [`-j MARK --set-xmark ${mark(options)}/${mark(options)}`],
      [chain.postrouting]: postrouting(options),
    }),
    ...of('filter', {
      [chain.forward]: forward(options),
      [chain.nodePort]: always(options, 'HEALTH-CHECK-NODE-PORT', 'dst', {
        comment: setComment('HEALTH-CHECK-NODE-PORT'),
        jump: 'ACCEPT',
      }),
      [chain.proxyFirewall]: inSet(options, 'LOAD-BALANCER-FW', 'dst,dst', { jump: chain.sourceRanges }),
      [chain.sourceRanges]: [
        ...inSet(options, 'LOAD-BALANCER-SOURCE-CIDR', 'dst,dst,src', { jump: 'RETURN' }),
        ...inSet(options, 'LOAD-BALANCER-SOURCE-IP', 'dst,dst,src', { jump: 'RETURN' }),
        '-j DROP',
      ],
      [chain.ipvsFilter]: ipvsFilter(options),
      [chain.ipvsOutFilter]: options.keptFromNode.map(keepOut),
    }),
  ];
};

const mark = ({ masqueradeMark }: RuleOptions): string => `0x${masqueradeMark.toString(16)}`;

const always = ({ family, foreign }: RuleOptions, key: SetKey, fields: string, rule: RuleSpec): string[] =>
  foreign.has(key)
    ? []
    : [
        ruleText({
          ...rule,
          modules: [`-m set --match-set ${setName(key, family)} ${fields}`, ...(rule.modules ?? [])],
        }),
      ];

/** A rule, with the set's comment, that is there only while the set has members. */
const inSet = (options: RuleOptions, key: SetKey, fields: string, rule: RuleSpec): string[] =>
  options.filled.has(key) ? always(options, key, fields, { comment: setComment(key), ...rule }) : [];

const services = (options: RuleOptions): string[] => {
  const { family, filled } = options;
  const accept = (['CLUSTER-IP', 'LOAD-BALANCER'] as const).filter((key) => filled.has(key));
  return [
    `-s ${family === 'IPv6' ? '::1/128' : '127.0.0.0/8'} -j RETURN`,
    ...inSet(options, 'LOAD-BALANCER', 'dst,dst', { jump: chain.loadBalancer }),
    ...clusterIps(options),
    ...inSet(options, 'EXTERNAL-IP', 'dst,dst', { jump: chain.markMasq }),
    ...(['EXTERNAL-IP', 'EXTERNAL-IP-LOCAL'] as const).flatMap((key) => externalIps(options, key)),
    `-m addrtype --dst-type LOCAL -j ${chain.nodePort}`,
    ...accept.flatMap((key) => always(options, key, 'dst,dst', { jump: 'ACCEPT' })),
  ];
};

const clusterIps = (options: RuleOptions): string[] => {
  const { masqueradeAll, local } = options;
  const key = 'CLUSTER-IP';
  if (masqueradeAll) return inSet(options, key, 'dst,dst', { jump: chain.markMasq });
  // The node itself may pick a service's address as its own, as the link has them all: no endpoint could answer that.
  if (!local) return inSet(options, key, 'src,dst', { jump: chain.markMasq });
  const elsewhere = local.kind === 'source' ? { source: `! ${local.cidr}` } : { inInterface: `! ${local.name}` };
  return inSet(options, key, 'dst,dst', { ...elsewhere, jump: chain.markMasq });
};

/** From outside, or to an external IP that this node has by itself: no other rule is to see it. */
const externalIps = (options: RuleOptions, key: SetKey): string[] => [
  ...inSet(options, key, 'dst,dst', {
    modules: ['-m physdev ! --physdev-is-in', '-m addrtype ! --src-type LOCAL'],
    jump: 'ACCEPT',
  }),
  ...inSet(options, key, 'dst,dst', { modules: ['-m addrtype --dst-type LOCAL'], jump: 'ACCEPT' }),
];

/** Policy Local keeps the client's address. */
const nodePorts = (options: RuleOptions): string[] =>
  (['TCP', 'UDP', 'SCTP'] as const).flatMap((name) => {
    const [hash, fields] = name === 'SCTP' ? (['-HASH', 'dst,dst'] as const) : (['', 'dst'] as const);
    const protocol = name.toLowerCase();
    return [
      ...inSet(options, `NODE-PORT-LOCAL-${name}${hash}` as SetKey, fields, { protocol, jump: 'RETURN' }),
      ...inSet(options, `NODE-PORT-${name}${hash}` as SetKey, fields, { protocol, jump: chain.markMasq }),
    ];
  });

const postrouting = (options: RuleOptions): string[] => [
  ...inSet(options, 'LOOP-BACK', 'dst,dst,src', { jump: 'MASQUERADE' }),
  `-m mark ! --mark ${mark(options)}/${mark(options)} -j RETURN`,
  `-j MARK --set-xmark ${mark(options)}/0x0`,
  ruleText({ comment: 'kubernetes service traffic requiring SNAT', jump: 'MASQUERADE --random-fully' }),
];

const forward = (options: RuleOptions): string[] => [
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

/** The node's own ports must not answer at a service's address. Without all that lets pass, nothing may be refused. */
const ipvsFilter = (options: RuleOptions): string[] => {
  const { family, foreign } = options;
  const fields = (key: SetKey): string => (key === 'HEALTH-CHECK-NODE-PORT' ? 'dst' : 'dst,dst');
  if (passSets.some((key) => foreign.has(key))) return [];
  return [
    ...passSets.flatMap((key) => always(options, key, fields(key), { jump: 'RETURN' })),
    ...always(options, 'IPVS-IPS', 'dst', {
      before: ['-m conntrack --ctstate NEW'],
      jump: `REJECT --reject-with ${family === 'IPv6' ? 'icmp6' : 'icmp'}-port-unreachable`,
    }),
  ];
};

/**
 * What the node sends is balanced before a filter sees it, so the rule asks IPVS what was called. A call to an address of its own the node
 * sends from that address; what it only forwards comes by other chains (kubernetes#119656).
 */
const keepOut = ({ ip, port, protocol }: KeptFromNode): string =>
  ruleText({
    source: ip,
    modules: [`-m ipvs --vproto ${protocol} --vaddr ${ip} --vport ${port}`],
    jump: 'DROP',
  });

const jump = (table: TableName, from: string, to: string, comment: string): Jump => ({
  table,
  chain: from,
  to,
  text: ruleText({ comment, jump: to }),
});

/** From the kernel's own chains to ours, in the order in which they stand there. */
export const jumps: readonly Jump[] = [
  jump('nat', 'PREROUTING', chain.services, 'kubernetes service portals'),
  jump('nat', 'OUTPUT', chain.services, 'kubernetes service portals'),
  jump('nat', 'POSTROUTING', chain.postrouting, 'kubernetes postrouting rules'),
  jump('filter', 'INPUT', chain.ipvsFilter, 'kubernetes ipvs access filter'),
  jump('filter', 'INPUT', chain.proxyFirewall, 'kube-proxy firewall rules'),
  jump('filter', 'INPUT', chain.nodePort, 'kubernetes health check rules'),
  jump('filter', 'FORWARD', chain.proxyFirewall, 'kube-proxy firewall rules'),
  jump('filter', 'FORWARD', chain.forward, 'kubernetes forwarding rules'),
  jump('filter', 'OUTPUT', chain.ipvsOutFilter, 'kubernetes ipvs access filter'),
];
