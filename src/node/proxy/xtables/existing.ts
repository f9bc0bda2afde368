// The text of `iptables-save` → the chains and rules that are in the kernel, as far as a full sync and a clean-up need
// them.
import { type PlacedRule, ruleText } from './rule.ts';

/** A rule as `iptables-save` prints it. */
export interface ListedRule {
  readonly table: string;
  readonly chain: string;
  /** Without `-A CHAIN`. */
  readonly text: string;
}

export interface Existing {
  /** Names of chains, by table. */
  readonly chains: ReadonlyMap<string, ReadonlySet<string>>;
  /** All rules in the kernel's own chains. A rule that is there twice is here twice. */
  readonly builtinRules: readonly ListedRule[];
}

/** @param saved text of `iptables-save`, all tables */
export const readExisting = (saved: string): Existing => {
  const chains = new Map<string, Set<string>>();
  const builtinRules: ListedRule[] = [];
  let table = '';
  let names = new Set<string>();
  let builtin: string[] = [];
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1);
      names = new Set();
      builtin = [];
      chains.set(table, names);
    } else if (line.startsWith(':')) {
      const [name = '', policy] = line.slice(1).split(' ', 2);
      names.add(name);
      // Only the kernel's own chains have a policy.
      if (policy !== '-') builtin.push(`-A ${name} `);
    } else if (builtin.some((start) => line.startsWith(start))) builtinRules.push(parseRule(table, line));
  }
  return { chains, builtinRules };
};

/** All rules of all chains. @param saved text of `iptables-save` */
export function* listedRules(saved: string): Generator<ListedRule> {
  let table = '';
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    else if (line.startsWith('-A ')) yield parseRule(table, line);
  }
}

const parseRule = (table: string, line: string): ListedRule => {
  const [, chain = ''] = line.split(' ', 2);
  return { table, chain, text: line.slice(`-A ${chain} `.length) };
};

/**
 * The chain that a rule leads to. Such a rule ends with `-j CHAIN` or `-g CHAIN`, because only other targets have
 * options.
 */
export const leadsTo = ({ text }: ListedRule): string | undefined => {
  const words = text.split(' ');
  const option = words.at(-2);
  return option === '-j' || option === '-g' ? words.at(-1) : undefined;
};

/** Whether this rule is in the kernel. Only rules in the kernel's own chains are found. */
export const isListed = ({ builtinRules }: Existing, { table, chain, rule }: PlacedRule): boolean => {
  const text = ruleText(rule);
  return builtinRules.some((listed) => listed.text === text && listed.chain === chain && listed.table === table);
};

/** The kernel's name for a rule: `table CHAIN text`. */
export const listedAs = ({ table, chain, rule }: PlacedRule): string => `${table} ${chain} ${ruleText(rule)}`;
