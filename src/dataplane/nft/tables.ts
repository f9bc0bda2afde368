// `nft -j list ruleset` → base chains whose rules can run. The tables of iptables-nft are left to `iptables-save`.
import {
  type BaseChain,
  type CompiledRule,
  chainOf,
  type RuleChain,
  type Statement,
  type TableOfChains,
} from '../node/chain.ts';
import { either } from '../node/engine.ts';
import type { RuleFacts } from '../node/facts.ts';
import type { Gap } from '../node/gaps.ts';
import { json } from '../node/json.ts';
import type { HookName } from '../node/packet.ts';
import { compileStatement, isLimit } from './statements.ts';
import { ruleText } from './text.ts';
import type { Context, Elements } from './value.ts';
import { keyOf } from './values.ts';

/** A base chain at a hook that the model does not have. */
export interface Natives {
  readonly chains: readonly BaseChain[];
  /** Why a packet may meet what the model does not follow: where, and what. */
  readonly gaps: readonly Gap[];
}

interface IptablesTexts {
  readonly iptables?: string;
  readonly ip6tables?: string;
}

const hookNames: ReadonlySet<string> = new Set(['prerouting', 'input', 'forward', 'output', 'postrouting']);

export const natives = (text: string, texts: IptablesTexts, facts: RuleFacts): Natives => {
  if (text.trim() === '') return { chains: [], gaps: [] };
  const items = json
    .array(json.object(JSON.parse(text)).nftables)
    .map((item) => Object.entries(json.object(item))[0] ?? ['', {}]);
  const tables = new Map<string, Parts>();
  const partsOf = (item: Record<string, unknown>, name: unknown): Parts | undefined => {
    const family = json.text(item.family);
    if (belongsToIptables(family, json.text(name), texts)) return undefined;
    const key = `${family} ${json.text(name)}`;
    const known = tables.get(key);
    if (known) return known;
    const parts: Parts = {
      family,
      name: json.text(name),
      chains: new Map(),
      bases: [],
      unmodelled: [],
      sets: new Map(),
      sleep: 'no',
    };
    tables.set(key, parts);
    return parts;
  };
  for (const [kind, value] of items) {
    const item = json.object(value);
    const parts = partsOf(item, kind === 'table' ? item.name : item.table);
    if (!parts) continue;
    if (kind === 'table') parts.sleep = sleepOf(item);
    else if (kind === 'chain') addChain(parts, item);
    else if (kind === 'rule') parts.chains.get(json.text(item.chain))?.push(item);
    else if (kind === 'set' || kind === 'map') parts.sets.set(json.text(item.name), item);
  }
  return {
    chains: [...tables.values()].flatMap((parts) => (parts.sleep === 'yes' ? [] : baseChains(parts, facts))),
    gaps: [...tables.values()].flatMap((parts) => (parts.sleep === 'yes' ? [] : gapsOf(parts))),
  };
};

/** The tables that `iptables-nft-save` prints; it refuses tables of these names that it cannot read. */
const belongsToIptables = (family: string, table: string, texts: IptablesTexts): boolean => {
  const text = family === 'ip' ? texts.iptables : family === 'ip6' ? texts.ip6tables : undefined;
  return (
    /^(raw|mangle|nat|filter|security)$/.test(table) &&
    text !== undefined &&
    new RegExp(`^\\*${table}$`, 'm').test(text)
  );
};

interface Parts {
  readonly family: string;
  readonly name: string;
  readonly chains: Map<string, Record<string, unknown>[]>;
  readonly bases: Record<string, unknown>[];
  /** Base chains at hooks that the model does not have. */
  readonly unmodelled: Record<string, unknown>[];
  readonly sets: Map<string, Record<string, unknown>>;
  sleep: 'no' | 'yes' | 'perhaps';
}

/** A dormant table has no effect. nft before 1.0.8 prints the table's name instead of the flag. */
const sleepOf = (item: Record<string, unknown>): Parts['sleep'] => {
  const flags = json.words(item.flags);
  if (flags.includes('dormant')) return 'yes';
  return flags.some((flag) => flag !== 'owner' && flag !== 'persist') ? 'perhaps' : 'no';
};

/** The first rule of a chain that may have no effect at all. */
const mayBeDormant = (table: string): CompiledRule => {
  const reason = `whether the table ${table} is dormant is not known`;
  return {
    position: 0,
    text: () => '',
    statements: () => [
      (packet) => {
        const [doubtful] = either(packet, reason);
        if (!doubtful) return [];
        return [
          { kind: 'verdict', packet: doubtful.packet, verdict: { kind: 'accept', effect: reason } },
          { kind: 'break', packet: doubtful.packet },
        ];
      },
    ],
  };
};

const addChain = (parts: Parts, item: Record<string, unknown>): void => {
  parts.chains.set(json.text(item.name), []);
  const hook = json.text(item.hook);
  if (hook === '') return;
  if (/^(ip|ip6|inet)$/.test(parts.family) && hookNames.has(hook)) parts.bases.push(item);
  else parts.unmodelled.push(item);
};

const gapsOf = (parts: Parts): Gap[] =>
  parts.unmodelled.flatMap((item): Gap[] => {
    const [chain, hook] = [json.text(item.name), json.text(item.hook)];
    const isEmpty = parts.chains.get(chain)?.length === 0 && json.text(item.policy) !== 'drop';
    if (isEmpty) return [];
    const reason = `the chain ${chain} of table ${parts.family} ${parts.name} (hook ${hook}) is not modelled`;
    // Without ARP, nobody finds the receiver of a packet.
    if (parts.family === 'arp')
      return (['ingress', 'egress'] as const).map((place) => ({ hook: place, link: undefined, reason }));
    if (hookNames.has(hook)) return [{ hook: `bridge ${hook as HookName}`, link: undefined, reason }];
    const devices = Array.isArray(item.dev) ? item.dev.map(json.text) : [json.optionalText(item.dev)];
    return devices.map((link) => ({ hook: hook === 'egress' ? 'egress' : 'ingress', link, reason }));
  });

const baseChains = (parts: Parts, facts: RuleFacts): BaseChain[] => {
  const compiled = new Map<string, RuleChain>();
  const sets = new Map<string, Elements>();
  const named = (name: string): Elements | undefined => {
    const known = sets.get(name);
    const item = parts.sets.get(name);
    if (known || !item) return known;
    // A lookup counts against the limit of the element that it finds.
    if (hasLimits(item)) return undefined;
    const made = elementsOf(name, json.array(item.elem), json.words(item.flags).includes('dynamic'));
    sets.set(name, made);
    return made;
  };
  const anonymous = new WeakMap<object, Elements>();
  const context: Context = {
    facts,
    map: (reference) => {
      if (typeof reference === 'string')
        return named(reference.replace(/^@/, '')) ?? { unsure: `the set ${reference}` };
      const list = json.object(reference).set;
      if (!Array.isArray(list)) return { unsure: JSON.stringify(reference) };
      const known = anonymous.get(list);
      if (known) return known;
      const made = elementsOf(undefined, list, false);
      anonymous.set(list, made);
      return made;
    },
  };
  const chain = (name: string): RuleChain | undefined => {
    const known = compiled.get(name);
    const rules = parts.chains.get(name);
    if (known || !rules) return known;
    const made = chainOf(
      name,
      rules.map((item, index) => compileRule(item, index + 1, context, parts.name)),
    );
    compiled.set(name, made);
    return made;
  };
  const table: TableOfChains = { backend: 'nft', family: parts.family, name: parts.name, chain };
  return parts.bases.map((item) => ({
    table,
    chain: () => {
      const found = chain(json.text(item.name)) ?? chainOf(json.text(item.name), []);
      return parts.sleep === 'no' ? found : chainOf(found.name, [mayBeDormant(parts.name), ...found.rules]);
    },
    hook: json.text(item.hook) as HookName,
    priority: json.number(item.prio),
    type: json.text(item.type) as BaseChain['type'],
    policy: json.text(item.policy) === 'drop' ? 'drop' : 'accept',
  }));
};

const compileRule = (
  item: Record<string, unknown>,
  position: number,
  context: Context,
  table: string,
): CompiledRule => {
  const place = `rule ${position} of chain ${json.text(item.chain)} in table ${table}`;
  const expressions = json.array(item.expr);
  let statements: readonly Statement[] | undefined;
  const comment = json.optionalText(item.comment);
  return {
    position,
    handle: json.number(item.handle),
    ...(comment === undefined ? {} : { comment }),
    text: () => ruleText(expressions),
    statements: () => {
      statements ??= expressions.flatMap((statement) => compileStatement(statement, context, place) ?? []);
      return statements;
    },
  };
};

const hasLimits = ({ elem, stmt }: Record<string, unknown>): boolean =>
  json.array(stmt).some(isLimit) ||
  json.array(elem).some((element) => {
    const [key] = Array.isArray(element) ? element : [element];
    return isLimit(json.object(key).elem);
  });

/** Elements are scalars, concatenations, ranges, or pairs of one of them and data. */
const elementsOf = (name: string | undefined, list: readonly unknown[], dynamic: boolean): Elements => {
  const exact = new Map<string, unknown>();
  const patterns: { pattern: readonly unknown[]; data: unknown }[] = [];
  for (const element of list) {
    const [key, data] = Array.isArray(element) ? [element[0], element[1]] : [element, true];
    const bare = json.object(key).elem === undefined ? key : json.object(json.object(key).elem).val;
    const parts = json.object(bare).concat === undefined ? [bare] : json.array(json.object(bare).concat);
    const isExact = parts.every((part) => typeof part !== 'object' && !String(part).endsWith('*'));
    if (isExact) exact.set(keyOf(parts), data);
    else patterns.push({ pattern: parts, data });
  }
  return { name, exact, patterns, dynamic };
};
