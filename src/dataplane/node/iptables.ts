// `iptables-save` → base chains whose rules can run.
import type { Chain, Rule, Ruleset } from '../model.ts';
import { renderRule } from '../render.ts';
import type { BaseChain, CompiledRule, Needs, RuleChain, Statement, TableOfChains } from './chain.ts';
import { chainOf } from './chain.ts';
import type { RuleFacts } from './facts.ts';
import { compileMatch } from './iptables-match.ts';
import { compileTarget } from './iptables-target.ts';
import type { Backend, Family, HookName } from './packet.ts';

const hooks: Readonly<Record<string, HookName>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
};

/** Priorities of netfilter_ipv4.h. The nat table's depend on the hook. */
const priorities: Readonly<Record<string, number>> = { raw: -300, mangle: -150, filter: 0, security: 50 };

const priorityOf = (table: string, hook: HookName): number =>
  table === 'nat' ? (hook === 'prerouting' || hook === 'output' ? -100 : 100) : (priorities[table] ?? 0);

/** @param compiled chains of a reading before, so that those that did not change are compiled once */
export const baseChainsOf = (
  ruleset: Ruleset,
  family: Family,
  backend: Exclude<Backend, 'nft'>,
  facts: RuleFacts,
  compiled: WeakMap<Chain, RuleChain> = new WeakMap(),
): BaseChain[] =>
  ruleset.tables.flatMap((table) => {
    const parsed = new Map(table.chains.map((chain) => [chain.name, chain]));
    const chain = (name: string): RuleChain | undefined => {
      const found = parsed.get(name);
      const known = found && compiled.get(found);
      if (known || !found) return known;
      const made = chainOf(
        name,
        found.rules.map((rule) => compileRule(rule, facts)),
      );
      compiled.set(found, made);
      return made;
    };
    const owner: TableOfChains = { backend, family, name: table.name, chain };
    return table.chains.flatMap(({ name, policy }): BaseChain[] => {
      const hook = policy === '-' ? undefined : hooks[name];
      if (!hook) return [];
      const type = table.name === 'nat' ? 'nat' : table.name === 'mangle' && hook === 'output' ? 'route' : 'filter';
      return [
        {
          table: owner,
          hook,
          priority: priorityOf(table.name, hook),
          type,
          policy: policy === 'DROP' ? 'drop' : 'accept',
          chain: () => chain(name) ?? chainOf(name, []),
        },
      ];
    });
  });

const compileRule = (rule: Rule, facts: RuleFacts): CompiledRule => {
  let statements: readonly Statement[] | undefined;
  const needs = needsOf(rule);
  return {
    position: rule.position,
    ...(rule.comment === undefined ? {} : { comment: rule.comment }),
    text: () => renderRule(rule),
    statements: () => {
      statements ??= [
        ...rule.matches.flatMap((match) => compileMatch(match, facts, placeOf(rule)) ?? []),
        ...(rule.target ? [compileTarget(rule.target, facts)] : []),
      ];
      return statements;
    },
    ...(needs ? { needs } : {}),
  };
};

const placeOf = ({ table, chain, position }: Rule): string => `rule ${position} of chain ${chain} in table ${table}`;

const needsOf = ({ matches }: Rule): Needs | undefined => {
  let destination: string | undefined;
  let protocol: string | undefined;
  let destinationPort: number | undefined;
  for (const match of matches) {
    if (match.kind === 'destination' && !match.negated && /(\/32|\/128)$/.test(match.cidr))
      destination = match.cidr.replace(/\/\d+$/, '');
    else if (match.kind === 'ports' && match.dport && !match.dport.negated && match.dport.first === match.dport.last) {
      protocol = match.protocol;
      destinationPort = match.dport.first;
    }
  }
  if (destination === undefined && destinationPort === undefined) return undefined;
  return {
    ...(destination === undefined ? {} : { destination }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(destinationPort === undefined ? {} : { destinationPort }),
  };
};
