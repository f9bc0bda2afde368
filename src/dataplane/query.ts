// Finding tables, chains and rules: what a check or a person asks of a rule set.
import { networkContains } from './address.ts';
import type { Chain, Match, MatchKind, Rule, Ruleset, Table, TargetKind } from './model.ts';

/** All given conditions must hold. Texts are exact unless said otherwise. */
export interface RuleQuery {
  readonly table?: string;
  /** Exact, or with `*` for any letters: `KUBE-SEP-*`. */
  readonly chain?: string;
  /** Part of the comment, or a pattern. */
  readonly comment?: string | RegExp;
  /** `jump`, `dnat`, `reject`, … */
  readonly target?: TargetKind;
  /** The chain jumped to; `*` stands for any letters. */
  readonly jumpsTo?: string;
  /** `-d`: the rule's destination network has this address (and the rule names one). */
  readonly destination?: string;
  readonly source?: string;
  /** Lower case. */
  readonly protocol?: string;
  readonly dport?: number;
  /** Of a DNAT: `10.244.1.2:3306`, or only the address. */
  readonly toDestination?: string;
}

export const findTable = (ruleset: Ruleset, name: string): Table | undefined =>
  ruleset.tables.find((table) => table.name === name);

export const findChain = (ruleset: Ruleset, table: string, name: string): Chain | undefined =>
  findTable(ruleset, table)?.chains.find((chain) => chain.name === name);

/** Rules in the order printed. */
export const findRules = (ruleset: Ruleset, query: RuleQuery): Rule[] =>
  ruleset.tables
    .filter(({ name }) => query.table === undefined || query.table === name)
    .flatMap(({ chains }) => chains)
    .filter(({ name }) => query.chain === undefined || matchesGlob(query.chain, name))
    .flatMap(({ rules }) => rules)
    .filter((rule) => satisfies(rule, query));

/** The rules of `chain` and of every chain that they lead to, each chain once, depth first. */
export const reachableRules = (ruleset: Ruleset, table: string, chain: string): Rule[] => {
  const seen = new Set<string>();
  const chains = new Map(findTable(ruleset, table)?.chains.map((found) => [found.name, found]));
  const visit = (name: string): Rule[] => {
    if (seen.has(name)) return [];
    seen.add(name);
    return (chains.get(name)?.rules ?? []).flatMap((rule) => [
      rule,
      ...(rule.target?.kind === 'jump' ? visit(rule.target.chain) : []),
    ]);
  };
  return visit(chain);
};

/** The first match of a kind, narrowed. */
export const matchOf = <K extends MatchKind>(rule: Rule, kind: K): Extract<Match, { kind: K }> | undefined =>
  rule.matches.find((match): match is Extract<Match, { kind: K }> => match.kind === kind);

/** The destination ports that a rule accepts, from `--dport` or `--dports`; undefined when it names none. */
export const acceptsPort = (rule: Rule, port: number): boolean | undefined => {
  const dport = matchOf(rule, 'ports')?.dport;
  if (dport) return (port >= dport.first && port <= dport.last) !== dport.negated;
  const many = matchOf(rule, 'multiport');
  if (!many || many.direction === 'source') return undefined;
  return many.ports.some(({ first, last }) => port >= first && port <= last) !== many.negated;
};

const satisfies = (rule: Rule, query: RuleQuery): boolean =>
  [
    query.comment === undefined || matchesComment(rule.comment, query.comment),
    query.target === undefined || rule.target?.kind === query.target,
    query.jumpsTo === undefined || (rule.target?.kind === 'jump' && matchesGlob(query.jumpsTo, rule.target.chain)),
    query.destination === undefined || hasAddress(rule, 'destination', query.destination),
    query.source === undefined || hasAddress(rule, 'source', query.source),
    query.protocol === undefined || hasProtocol(rule, query.protocol),
    query.dport === undefined || acceptsPort(rule, query.dport) === true,
    query.toDestination === undefined || sendsTo(rule, query.toDestination),
  ].every(Boolean);

const matchesComment = (comment: string | undefined, wanted: string | RegExp): boolean =>
  comment !== undefined && (typeof wanted === 'string' ? comment.includes(wanted) : wanted.test(comment));

const hasAddress = (rule: Rule, side: 'source' | 'destination', address: string): boolean => {
  const match = rule.matches.find((candidate): candidate is NetworkMatch => candidate.kind === side);
  return match !== undefined && networkContains(match.cidr, address) !== match.negated;
};

type NetworkMatch = Extract<Match, { cidr: string }>;

const hasProtocol = (rule: Rule, protocol: string): boolean => {
  const match = matchOf(rule, 'protocol');
  return match !== undefined && (match.protocol === protocol) !== match.negated;
};

const sendsTo = ({ target }: Rule, wanted: string): boolean =>
  target?.kind === 'dnat' && (target.to === wanted || target.address.address === wanted);

const matchesGlob = (pattern: string, text: string): boolean => {
  if (!pattern.includes('*')) return pattern === text;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
};
