// Ruleset → the text of `iptables-save`, letter for letter.
import type { Chain, Counters, Rule, Ruleset, Table } from './model.ts';

/** Prints the text that `parseRuleset` read. */
export const renderRuleset = ({ tables, trailing }: Ruleset): string =>
  [...tables.flatMap(renderTable), ...trailing].map((line) => `${line}\n`).join('');

/** `-A CHAIN …`, without counters. */
export const renderRule = ({ chain, matches, target }: Rule): string =>
  ['-A', chain, ...matches.flatMap(({ words }) => words), ...(target?.words ?? [])].join(' ');

const renderTable = ({ name, leading, chains }: Table): string[] => [
  ...leading,
  `*${name}`,
  ...chains.map(renderChain),
  ...chains.flatMap(({ rules }) => rules.map(renderCounted)),
  'COMMIT',
];

const renderChain = ({ name, policy, counters }: Chain): string =>
  `:${name} ${policy}${counters ? ` ${renderCounters(counters)}` : ''}`;

const renderCounted = (rule: Rule): string =>
  rule.counters ? `${renderCounters(rule.counters)} ${renderRule(rule)}` : renderRule(rule);

const renderCounters = ({ packets, bytes }: Counters): string => `[${packets}:${bytes}]`;
