// Selects rules from a node's iptables. The iptables check and questions about rules share this code.
import * as z from 'zod';
import type { Rule, Ruleset, Target } from '../../../dataplane/model.ts';
import { parseRuleset, RulesetError } from '../../../dataplane/parse.ts';
import { findTable, matchOf } from '../../../dataplane/query.ts';
import { Unmet } from '../facts.ts';
import { brief, contains, inWords, isMatch, plainText } from '../match.ts';
import { commaSeparated, type Phrases } from '../say/en.ts';
import type { Place } from '../view/places.ts';
import type { View } from '../view/view.ts';
import { match, textOrNumber } from './fields.ts';
import { lookAt } from './look.ts';

/** Fields that select rules of a node. A rule must match all given fields. */
export const selectionFields = {
  table: z
    .enum(['raw', 'mangle', 'nat', 'filter', 'security'])
    .default('nat')
    .meta({ description: 'The table of iptables.' }),
  chain: match.exactOptional().meta({ description: 'The chain in which the rule is.', examples: ['/^KUBE-SVC-/'] }),
  comment: match.exactOptional().meta({ description: 'The comment of the rule.', examples: ['default/web'] }),
  target: match
    .exactOptional()
    .meta({ description: 'What the rule does: DNAT, MASQUERADE, …, or the chain it jumps to.', examples: ['DNAT'] }),
  to: match.exactOptional().meta({ description: 'The value of --to-destination.', examples: ['10.244.1.2:80'] }),
  source: match.exactOptional().meta({ description: 'The source of the rule.', examples: ['10.244.1.2/32'] }),
  destination: match
    .exactOptional()
    .meta({ description: 'The destination of the rule.', examples: [`\${service/web:.spec.clusterIP}/32`] }),
  dport: textOrNumber.exactOptional().meta({ description: 'The port of the destination.' }),
};

export type Selection = z.output<z.ZodObject<typeof selectionFields>>;

export const selectionEnglish = {
  selection: ({ table, chain, comment, target, to, source, destination, dport }: Selection) =>
    commaSeparated(
      `table ${table}`,
      chain && `in chain ${plainText(chain)}`,
      comment && `with ${inWords(comment)} in the comment`,
      target && `with target ${plainText(target)}`,
      to && `to ${plainText(to)}`,
      source && `from ${plainText(source)}`,
      destination && `for ${plainText(destination)}`,
      dport && `port ${dport}`,
    ),
};

export const selectionKorean: typeof selectionEnglish = {
  selection: ({ table, chain, comment, target, to, source, destination, dport }) =>
    commaSeparated(
      `${table} 테이블`,
      chain && `체인 ${plainText(chain)}`,
      comment && `주석에 ${inWords(comment)}`,
      target && `타깃 ${plainText(target)}`,
      to && `새 목적지 ${plainText(to)}`,
      source && `출발지 ${plainText(source)}`,
      destination && `목적지 ${plainText(destination)}`,
      dport && `포트 ${dport}`,
    ),
};

/**
 * The rules of a node, from its own kernel.
 * @throws Unmet when the text cannot be read: only names and comments that the student chose can make it so
 */
export const rulesOf = (node: Place, { facts }: View, say: Phrases): Ruleset => {
  const { iptables = '', rulesForged } = facts.at(node, 'iptables', 'rulesForged');
  const unreadable = (cause: string): Unmet =>
    new Unmet(say.unreadableRules(node.label, cause), lookAt(node, 'iptables-save', say));
  // A rule that nft has written into a table of iptables. Then iptables-save leaves the whole table out.
  const foreign = /^# Table `\w+' is incompatible.*$/m.exec(iptables);
  if (foreign) throw unreadable(foreign[0]);
  if (rulesForged) throw unreadable(say.forgedRules());
  try {
    return parseRuleset(iptables);
  } catch (error) {
    if (!(error instanceof RulesetError)) throw error;
    throw unreadable(brief(error.message));
  }
};

export const selectRules = (ruleset: Ruleset, selection: Selection): readonly Rule[] =>
  (findTable(ruleset, selection.table)?.chains ?? [])
    .flatMap(({ rules }) => rules)
    .filter((rule) => isSelected(rule, selection));

export const isSelected = (
  rule: Rule,
  { chain, comment, target, to, source, destination, dport }: Selection,
): boolean =>
  [
    chain === undefined || isMatch(chain, rule.chain),
    comment === undefined || (rule.comment !== undefined && contains(comment, rule.comment)),
    target === undefined || isMatch(target, targetName(rule.target)),
    to === undefined || (rule.target?.kind === 'dnat' && isMatch(to, rule.target.to)),
    source === undefined || isNetwork(source, matchOf(rule, 'source')?.cidr),
    destination === undefined || isNetwork(destination, matchOf(rule, 'destination')?.cidr),
    dport === undefined || String(matchOf(rule, 'ports')?.dport?.first ?? '') === dport,
  ].every(Boolean);

/** A single address may be written with or without `/32`. */
const isNetwork = (wanted: string, cidr: string | undefined): boolean =>
  cidr !== undefined && (isMatch(wanted, cidr) || isMatch(wanted, cidr.replace(/\/32$/, '')));

/** `DNAT`, `MASQUERADE`, or the chain jumped to, as `iptables -L` shows it. */
export const targetName = (target: Target | undefined): string => {
  if (!target) return '';
  if (target.kind === 'jump') return target.chain;
  return target.kind === 'other' ? target.name : target.kind.toUpperCase();
};
