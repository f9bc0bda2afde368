// Selecting rules of a node as a check writes them, shared by the iptables check and by answers computed from rules.
import type { RuleSelection } from '../../../api/lab.ts';
import type { Rule, Ruleset, Target } from '../../../dataplane/model.ts';
import { findTable, matchOf } from '../../../dataplane/query.ts';
import { contains, isMatch } from '../match.ts';
import type { View } from '../view.ts';

/** The selection with its templates filled in. */
export const fillSelection = (selection: RuleSelection, view: View): RuleSelection =>
  Object.fromEntries(
    Object.entries(selection).map(([field, text]) => [field, typeof text === 'string' ? view.fill(text) : text]),
  ) as unknown as RuleSelection;

export const selectRules = (ruleset: Ruleset, selection: RuleSelection): readonly Rule[] =>
  (findTable(ruleset, selection.table)?.chains ?? [])
    .flatMap(({ rules }) => rules)
    .filter((rule) => isMeant(rule, selection));

const isMeant = (rule: Rule, { chain, comment, target, to, source, destination, dport }: RuleSelection): boolean =>
  [
    chain === undefined || isMatch(chain, rule.chain),
    comment === undefined || (rule.comment !== undefined && contains(comment, rule.comment)),
    target === undefined || isMatch(target, targetName(rule.target)),
    to === undefined || (rule.target?.kind === 'dnat' && isMatch(to, rule.target.to)),
    source === undefined || isNetwork(source, matchOf(rule, 'source')?.cidr),
    destination === undefined || isNetwork(destination, matchOf(rule, 'destination')?.cidr),
    dport === undefined || String(matchOf(rule, 'ports')?.dport?.first ?? '') === dport,
  ].every(Boolean);

const isNetwork = (wanted: string, cidr: string | undefined): boolean =>
  cidr !== undefined && (isMatch(wanted, cidr) || isMatch(wanted, cidr.replace(/\/32$/, '')));

/** `DNAT`, `MASQUERADE`, or the chain jumped to, as `iptables -L` shows it. */
export const targetName = (target: Target | undefined): string => {
  if (!target) return '';
  if (target.kind === 'jump') return target.chain;
  return target.kind === 'other' ? target.name : target.kind.toUpperCase();
};
