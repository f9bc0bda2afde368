// The chains and jumps that the modes iptables and ipvs both have. The clean-up of one mode leaves them alone while the
// other runs.
import { type ListedRule, listedAs } from './existing.ts';
import type { Jump, TableName } from './rule.ts';

export const commonChain = {
  services: 'KUBE-SERVICES',
  postrouting: 'KUBE-POSTROUTING',
  markMasq: 'KUBE-MARK-MASQ',
  forward: 'KUBE-FORWARD',
  proxyFirewall: 'KUBE-PROXY-FIREWALL',
} as const;

const commonChains: Readonly<Record<string, readonly string[]>> = {
  nat: [commonChain.services, commonChain.postrouting, commonChain.markMasq],
  filter: [commonChain.forward, commonChain.proxyFirewall],
};

/** Whether both modes have this chain. Its rules may differ from mode to mode. */
export const isCommonChain = (table: string, name: string): boolean => commonChains[table]?.includes(name) ?? false;

export const jumpTo = (table: TableName, chain: string, to: string, comment?: string): Jump => ({
  table,
  chain,
  rule: { comment, jump: to },
});

/** The jumps of table nat, in the order in which they stand in their chains. */
export const natJumps: readonly Jump[] = [
  jumpTo('nat', 'PREROUTING', commonChain.services, 'kubernetes service portals'),
  jumpTo('nat', 'OUTPUT', commonChain.services, 'kubernetes service portals'),
  jumpTo('nat', 'POSTROUTING', commonChain.postrouting, 'kubernetes postrouting rules'),
];

export const forwardJump: Jump = jumpTo('filter', 'FORWARD', commonChain.forward, 'kubernetes forwarding rules');

const commonJumps: ReadonlySet<string> = new Set([...natJumps, forwardJump].map(listedAs));

/** Finds the rules that are jumps of one mode and not also jumps of the other. */
export const findsOwnJumps = (jumps: readonly Jump[]): ((rule: ListedRule) => boolean) => {
  const own = new Set(jumps.map(listedAs).filter((jump) => !commonJumps.has(jump)));
  return ({ table, chain, text }) => own.has(`${table} ${chain} ${text}`);
};
