// The rules of ipvs mode. They depend on services in two ways only: no rule asks an empty set, and KUBE-IPVS-OUT-FILTER
// has a rule for each load balancer that must not be reached from this node.
//
//   nat     PREROUTING, OUTPUT ─▶ KUBE-SERVICES ─┬─▶ KUBE-LOAD-BALANCER ─┐ in a set? ─▶ KUBE-MARK-MASQ
//                                                └─▶ KUBE-NODE-PORT ─────┘
//           POSTROUTING ─▶ KUBE-POSTROUTING        (marked: masquerade)
//   filter  INPUT ─▶ KUBE-IPVS-FILTER              (the address of a service, but none of its ports: reject)
//           INPUT, FORWARD ─▶ KUBE-PROXY-FIREWALL  (source ranges of a load balancer)
//           OUTPUT ─▶ KUBE-IPVS-OUT-FILTER         (source ranges, for packets that the node itself sends)
import type { LocalMatch } from '../local-detector.ts';
import type { IpFamily } from '../types.ts';
import { forwardJump, jumpTo, natJumps } from '../xtables/common-chains.ts';
import { acceptForwarded, markForMasquerade, masqueradeMarked } from '../xtables/masquerade.ts';
import type { Chain, Jump, Rule, TableName } from '../xtables/rule.ts';
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
  /** Sets that have our name, but were made by another program. No rule may use them. */
  readonly foreign: ReadonlySet<SetKey>;
}

/** All chains of this mode, first those of table nat, then those of table filter. */
export const buildRules = (options: RuleOptions): readonly Chain[] => {
  const { masqueradeMark: mark } = options;
  const of = (table: TableName, chains: Readonly<Record<string, readonly Rule[]>>): Chain[] =>
    Object.entries(chains).map(([name, rules]) => ({ table, name, rules }));
  return [
    ...of('nat', {
      [chain.services]: services(options),
      [chain.loadBalancer]: [
        ...inSet(options, 'LOAD-BALANCER-LOCAL', 'dst,dst', { jump: 'RETURN' }),
        { jump: chain.markMasq },
      ],
      [chain.nodePort]: nodePorts(options),
      [chain.markMasq]: [markForMasquerade(mark)],
      [chain.postrouting]: [
        ...inSet(options, 'LOOP-BACK', 'dst,dst,src', { jump: 'MASQUERADE' }),
        ...masqueradeMarked(mark),
      ],
    }),
    ...of('filter', {
      [chain.forward]: acceptForwarded(mark),
      [chain.nodePort]: always(options, 'HEALTH-CHECK-NODE-PORT', 'dst', {
        comment: setComment('HEALTH-CHECK-NODE-PORT'),
        jump: 'ACCEPT',
      }),
      [chain.proxyFirewall]: inSet(options, 'LOAD-BALANCER-FW', 'dst,dst', { jump: chain.sourceRanges }),
      [chain.sourceRanges]: [
        ...inSet(options, 'LOAD-BALANCER-SOURCE-CIDR', 'dst,dst,src', { jump: 'RETURN' }),
        ...inSet(options, 'LOAD-BALANCER-SOURCE-IP', 'dst,dst,src', { jump: 'RETURN' }),
        { jump: 'DROP' },
      ],
      [chain.ipvsFilter]: ipvsFilter(options),
      [chain.ipvsOutFilter]: options.keptFromNode.map(keepOut),
    }),
  ];
};

/** A rule that matches the set's members. Where the set is another program's, there is no rule. */
const always = ({ family, foreign }: RuleOptions, key: SetKey, fields: string, rule: Rule): Rule[] =>
  foreign.has(key)
    ? []
    : [{ ...rule, modules: [`-m set --match-set ${setName(key, family)} ${fields}`, ...(rule.modules ?? [])] }];

/** As `always`, with the set's comment, but only while the set has members. */
const inSet = (options: RuleOptions, key: SetKey, fields: string, rule: Rule): Rule[] =>
  options.filled.has(key) ? always(options, key, fields, { comment: setComment(key), ...rule }) : [];

const services = (options: RuleOptions): Rule[] => {
  const { family, filled } = options;
  const accept = (['CLUSTER-IP', 'LOAD-BALANCER'] as const).filter((key) => filled.has(key));
  return [
    { source: family === 'IPv6' ? '::1/128' : '127.0.0.0/8', jump: 'RETURN' },
    ...inSet(options, 'LOAD-BALANCER', 'dst,dst', { jump: chain.loadBalancer }),
    ...clusterIps(options),
    ...inSet(options, 'EXTERNAL-IP', 'dst,dst', { jump: chain.markMasq }),
    ...(['EXTERNAL-IP', 'EXTERNAL-IP-LOCAL'] as const).flatMap((key) => externalIps(options, key)),
    { modules: ['-m addrtype --dst-type LOCAL'], jump: chain.nodePort },
    ...accept.flatMap((key) => always(options, key, 'dst,dst', { jump: 'ACCEPT' })),
  ];
};

const clusterIps = (options: RuleOptions): Rule[] => {
  const { masqueradeAll, local } = options;
  const key = 'CLUSTER-IP';
  if (masqueradeAll) return inSet(options, key, 'dst,dst', { jump: chain.markMasq });
  // All service addresses are on kube-ipvs0, so the node may use one as the source of its packets. No endpoint could
  // reply to it.
  if (!local) return inSet(options, key, 'src,dst', { jump: chain.markMasq });
  const elsewhere = local.kind === 'source' ? { source: `! ${local.cidr}` } : { inInterface: `! ${local.name}` };
  return inSet(options, key, 'dst,dst', { ...elsewhere, jump: chain.markMasq });
};

/**
 * Accepts packets from outside, and packets to an external IP that the machine has itself, before the rules that
 * follow.
 */
const externalIps = (options: RuleOptions, key: SetKey): Rule[] => [
  ...inSet(options, key, 'dst,dst', {
    modules: ['-m physdev ! --physdev-is-in', '-m addrtype ! --src-type LOCAL'],
    jump: 'ACCEPT',
  }),
  ...inSet(options, key, 'dst,dst', { modules: ['-m addrtype --dst-type LOCAL'], jump: 'ACCEPT' }),
];

/** Node ports are masqueraded, except under external policy Local, which keeps the client's address. */
const nodePorts = (options: RuleOptions): Rule[] =>
  (['TCP', 'UDP', 'SCTP'] as const).flatMap((name) => {
    const [hash, fields] = name === 'SCTP' ? (['-HASH', 'dst,dst'] as const) : (['', 'dst'] as const);
    const protocol = name.toLowerCase();
    return [
      ...inSet(options, `NODE-PORT-LOCAL-${name}${hash}` as SetKey, fields, { protocol, jump: 'RETURN' }),
      ...inSet(options, `NODE-PORT-${name}${hash}` as SetKey, fields, { protocol, jump: chain.markMasq }),
    ];
  });

/**
 * Without this filter, programs of the node that listen on all addresses would answer at a service's address. If a set
 * of allowed packets is another program's, nothing is rejected.
 */
const ipvsFilter = (options: RuleOptions): Rule[] => {
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
 * IPVS balances the node's own packets before any filter, so the rule asks IPVS for the original destination. The node
 * sends such packets from the load balancer's address, and forwarded packets don't pass OUTPUT (kubernetes#119656).
 */
const keepOut = ({ ip, port, protocol }: KeptFromNode): Rule => ({
  source: ip,
  modules: [`-m ipvs --vproto ${protocol} --vaddr ${ip} --vport ${port}`],
  jump: 'DROP',
});

/** From the kernel's own chains to kube-proxy's, in the order in which they stand in their chains. */
export const jumps: readonly Jump[] = [
  ...natJumps,
  jumpTo('filter', 'INPUT', chain.ipvsFilter, 'kubernetes ipvs access filter'),
  jumpTo('filter', 'INPUT', chain.proxyFirewall, 'kube-proxy firewall rules'),
  jumpTo('filter', 'INPUT', chain.nodePort, 'kubernetes health check rules'),
  jumpTo('filter', 'FORWARD', chain.proxyFirewall, 'kube-proxy firewall rules'),
  forwardJump,
  jumpTo('filter', 'OUTPUT', chain.ipvsOutFilter, 'kubernetes ipvs access filter'),
];
