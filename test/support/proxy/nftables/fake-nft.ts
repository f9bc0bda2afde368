// nf_tables in memory, for kube-proxy's input to `nft -f -`. test/contract/proxy/nft.test.ts compares both.
import type { Nft } from '../../../../src/node/sys/nft.ts';

export interface FakeSet {
  readonly kind: string;
  readonly spec: string;
  /** Elements by key. The value is the whole element as nft lists it, with comment. */
  readonly elements: Map<string, string>;
}

export interface FakeChain {
  readonly hook: string;
  readonly rules: string[];
}

export interface FakeTable {
  readonly comment: string;
  readonly sets: Map<string, FakeSet>;
  readonly chains: Map<string, FakeChain>;
}

type Tables = Map<string, FakeTable>;

export class FakeNft implements Nft {
  #tables: Tables = new Map();
  /** All inputs that were applied. */
  readonly inputs: string[] = [];
  /** How many of the next inputs fail. */
  failures = 0;
  /** Inputs that match this pattern fail. */
  refuses: RegExp | undefined;
  /** What somebody else does right after the next input. */
  afterApply: string | undefined;

  table(name = 'ip kube-proxy'): FakeTable {
    return this.#tables.get(name) ?? { comment: '', sets: new Map(), chains: new Map() };
  }

  async apply(input: string): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('nft: told to fail');
    }
    if (this.refuses?.test(input)) throw new Error('nft: told to refuse');
    this.#tables = this.#after(input);
    this.inputs.push(input);
    if (this.afterApply === undefined) return;
    this.#tables = this.#after(this.afterApply);
    this.afterApply = undefined;
  }

  async check(input: string): Promise<void> {
    this.#after(input);
  }

  async list(what: string): Promise<string> {
    const family = what.replace(/^ruleset ?/, '');
    return [...this.#tables]
      .flatMap(([name, table]) => (name.startsWith(`${family} `) ? listing(name, table) : []))
      .join('');
  }

  #after(input: string): Tables {
    const tables: Tables = structuredClone(this.#tables);
    for (const line of input.split('\n')) if (line !== '') execute(tables, line);
    for (const table of tables.values()) validate(table);
    return tables;
  }
}

const execute = (tables: Tables, line: string): void => {
  const [verb = '', kind = '', family = '', name = '', ...rest] = line.split(' ');
  const tableName = `${family} ${name}`;
  if (kind === 'table') {
    onTable(tables, verb, tableName, line);
    return;
  }
  const table = tables.get(tableName);
  if (!table) throw new Error(`no table ${tableName}: ${line}`);
  const [object = '', ...words] = rest;
  const execution = { table, verb, object, body: words.join(' '), line };
  if (kind === 'element') onElements(execution);
  else if (kind === 'rule') chainOf(execution).rules.push(execution.body);
  else if (kind === 'chain') onChain(execution);
  else onSet(execution, kind);
};

interface Execution {
  readonly table: FakeTable;
  readonly verb: string;
  readonly object: string;
  readonly body: string;
  readonly line: string;
}

const onTable = (tables: Tables, verb: string, name: string, line: string): void => {
  if (verb === 'delete' && !tables.delete(name)) throw new Error(`no such table: ${line}`);
  if (verb !== 'add' || tables.has(name)) return;
  tables.set(name, { comment: /comment "(.*)"/.exec(line)?.[1] ?? '', sets: new Map(), chains: new Map() });
};

const chainOf = ({ table, object, line }: Execution): FakeChain => {
  const chain = table.chains.get(object);
  if (!chain) throw new Error(`no such chain: ${line}`);
  return chain;
};

const onChain = (execution: Execution): void => {
  const { table, verb, object, body, line } = execution;
  if (verb === 'add') {
    if (!table.chains.has(object)) table.chains.set(object, { hook: body.replace(/^\{ (.*) \}$/, '$1'), rules: [] });
    return;
  }
  const chain = chainOf(execution);
  if (verb === 'flush') chain.rules.length = 0;
  else if (targets(table).has(object)) throw new Error(`chain is in use: ${line}`);
  else table.chains.delete(object);
};

const onSet = ({ table, verb, object, body, line }: Execution, kind: string): void => {
  const known = table.sets.get(object);
  if (verb === 'add') {
    if (known && known.spec !== body) throw new Error(`is there with other properties: ${line}`);
    if (!known) table.sets.set(object, { kind, spec: body, elements: new Map() });
    return;
  }
  if (known?.kind !== kind) throw new Error(`no such ${kind}: ${line}`);
  if (verb === 'flush') known.elements.clear();
  else if (usedSets(table).has(object)) throw new Error(`set is in use: ${line}`);
  else table.sets.delete(object);
};

const onElements = ({ table, verb, object, body, line }: Execution): void => {
  const set = table.sets.get(object);
  if (!set) throw new Error(`no such set: ${line}`);
  for (const element of body.replace(/^\{ (.*) \}$/, '$1').split(', ')) {
    const key = element.replace(/ (comment|:) .*/, '');
    const known = set.elements.get(key);
    if (verb === 'delete' && !set.elements.delete(key)) throw new Error(`no element ${key}`);
    if (verb !== 'add') continue;
    if (known !== undefined && valueIn(known) !== valueIn(element))
      throw new Error(`another element is there: ${element}`);
    if (known === undefined) set.elements.set(key, element);
  }
};

const valueIn = (element: string): string => / : (.*)$/.exec(element)?.[1] ?? '';

const rulesOf = (table: FakeTable): string[] => [...table.chains.values()].flatMap(({ rules }) => rules);

const targetsOf = (text: string): string[] =>
  [...text.matchAll(/(?:goto|jump) ([\w-]+)/g)].map(([, name = '']) => name);

/** Chains that a rule or an element jumps to. */
const targets = (table: FakeTable): Set<string> => {
  const elements = [...table.sets.values()].flatMap((set) => [...set.elements.values()]);
  return new Set([...rulesOf(table), ...elements].flatMap(targetsOf));
};

const setsOf = (rules: readonly string[]): string[] =>
  rules.flatMap((rule) => [...rule.matchAll(/@([\w-]+)/g)].map(([, name = '']) => name));

const usedSets = (table: FakeTable): Set<string> => new Set(setsOf(rulesOf(table)));

const validate = (table: FakeTable): void => {
  for (const name of targets(table)) if (!table.chains.has(name)) throw new Error(`nothing to go to: ${name}`);
  for (const name of usedSets(table)) if (!table.sets.has(name)) throw new Error(`nothing to look up: ${name}`);
};

const listing = (name: string, { comment, sets, chains }: FakeTable): string =>
  [
    `table ${name} {`,
    ...(comment === '' ? [] : [`\tcomment "${comment}"`]),
    ...[...sets].flatMap(([set, { kind }]) => [`\t${kind} ${set} {`, '\t\ttype whatever', '\t}', '']),
    ...[...chains].flatMap(([chain, { hook, rules }]) => [
      `\tchain ${chain} {`,
      ...(hook === '' ? [] : [`\t\t${hook}`]),
      ...rules.map((rule) => `\t\t${rule}`),
      '\t}',
      '',
    ]),
    '}',
    '',
  ].join('\n');

/** The chains and sets that a packet can reach. Only the order of rules counts. */
export const inForce = (table: FakeTable): { chains: unknown[]; sets: unknown[] } => {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    const rules = table.chains.get(name)?.rules ?? [];
    const members = setsOf(rules).flatMap((set) => [...(table.sets.get(set)?.elements.values() ?? [])]);
    for (const target of [...rules, ...members].flatMap(targetsOf)) visit(target);
  };
  for (const [name, { hook }] of table.chains) if (hook !== '') visit(name);
  const chains = [...table.chains].filter(([name]) => reached.has(name));
  const used = new Set(chains.flatMap(([, { rules }]) => setsOf(rules)));
  const sets = [...table.sets].filter(([name, { elements }]) => used.has(name) || elements.size > 0);
  return {
    chains: chains.map(([name, { hook, rules }]) => [name, hook, rules]).sort(),
    sets: sets.map(([name, { kind, elements }]) => [name, kind, [...elements.values()].sort()]).sort(),
  };
};
