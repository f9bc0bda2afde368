// Reads `iptables-save` again and again. Chains whose rules did not change keep their parsed rules.
import type { Chain, Ruleset, Table } from './model.ts';
import { parseCounters, parseRule, parseRuleset } from './parse.ts';
import { endsInQuotes } from './words.ts';

/** A chain's rules as text, and what they were parsed to. */
interface Known {
  readonly text: string;
  readonly chain: Chain;
}

export class RulesetReader {
  /** By `table chain`. */
  #known = new Map<string, Known>();

  /** @throws RulesetError like `parseRuleset` */
  read(text: string): Ruleset {
    const known = new Map<string, Known>();
    const read = readChains(text, this.#known, known);
    this.#known = read ? known : new Map();
    return read ?? parseRuleset(text);
  }
}

interface OpenTable {
  readonly name: string;
  readonly leading: readonly string[];
  readonly chains: Map<string, Chain>;
}

/**
 * Reads runs of rules of one chain. Undefined for a text that this shortcut does not understand: rules of a chain in
 * several places, or a line break in quotes, after which a line may only look like a rule.
 */
const readChains = (text: string, known: ReadonlyMap<string, Known>, next: Map<string, Known>): Ruleset | undefined => {
  const tables: Table[] = [];
  let comments: string[] = [];
  let open: OpenTable | undefined;
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at);
    if (text.startsWith('-A ', at)) {
      if (!open) return undefined;
      const name = text.slice(at + 3, text.indexOf(' ', at + 3));
      const stop = runEnd(text, at, `-A ${name} `);
      const chain = chainOf(open, name, text.slice(at, stop), { known, next });
      if (!chain) return undefined;
      open.chains.set(name, chain);
      at = stop;
      continue;
    }
    const line = text.slice(at, end);
    at = end + 1;
    if (line === '') continue;
    if (line.startsWith('#')) comments.push(line);
    else if (line.startsWith('*')) {
      open = { name: line.slice(1), leading: comments, chains: new Map() };
      comments = [];
    } else if (!open) return undefined;
    else if (line === 'COMMIT') {
      tables.push({ name: open.name, leading: open.leading, chains: [...open.chains.values()] });
      open = undefined;
    } else if (line.startsWith(':')) {
      const [name = '', policy = '-', counts] = line.slice(1).split(' ');
      const counters = counts === undefined ? undefined : parseCounters(counts);
      open.chains.set(name, { name, policy, ...(counters ? { counters } : {}), rules: [] });
    } else return undefined;
  }
  return { tables, trailing: comments };
};

const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
};

/** Where the lines end that begin with `prefix`. */
const runEnd = (text: string, from: number, prefix: string): number => {
  let at = from;
  while (text.startsWith(prefix, at)) at = lineEnd(text, at) + 1;
  return Math.min(at, text.length);
};

interface Memory {
  readonly known: ReadonlyMap<string, Known>;
  readonly next: Map<string, Known>;
}

const chainOf = (table: OpenTable, name: string, text: string, { known, next }: Memory): Chain | undefined => {
  const declared = table.chains.get(name) ?? { name, policy: '-', rules: [] };
  const key = `${table.name} ${name}`;
  if (declared.rules.length > 0 || name.startsWith('"') || next.has(key)) return undefined;
  const before = known.get(key);
  if (before?.text === text) {
    next.set(key, before);
    const same = before.chain.policy === declared.policy;
    return same ? before.chain : { ...declared, rules: before.chain.rules };
  }
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.some(endsInQuotes)) return undefined;
  const old = new Map(before?.text.split('\n').map((line, index) => [line, before.chain.rules[index]]));
  const rules = lines.map((line, index) => {
    const rule = old.get(line);
    if (rule?.position === index + 1) return rule;
    return rule ? { ...rule, position: index + 1 } : parseRule(table.name, line, index + 1);
  });
  const chain = { ...declared, rules };
  next.set(key, { text, chain });
  return chain;
};
