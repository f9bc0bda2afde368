// A kernel in memory: the parts of iptables-save and -restore that kube-proxy uses.
// test/contract/proxy/netfilter.test.ts compares it with the real kernel.
import type { ChainLister, ChainListing, ChainQuery } from '../../../src/node/sys/chain-lister.ts';
import type { Netfilter } from '../../../src/node/sys/netfilter.ts';

interface FakeChain {
  readonly policy: string;
  rules: string[];
}
type FakeTable = Map<string, FakeChain>;

const builtin: Readonly<Record<string, readonly string[]>> = {
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

export class FakeNetfilter implements Netfilter, ChainLister {
  #tables = new Map<string, FakeTable>();
  /** All inputs that were applied. */
  readonly inputs: string[] = [];
  /** How many of the next restores fail. */
  failures = 0;

  async save(): Promise<string> {
    return [...this.#tables].map(([name, table]) => saveTable(name, table)).join('');
  }

  async restore(input: string): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('iptables-restore: told to fail');
    }
    for (const section of input.split(/(?<=^COMMIT\n)/m)) {
      const [head = '', ...lines] = section.trimEnd().split('\n');
      if (lines.pop() !== 'COMMIT') throw new Error(`no COMMIT in ${section}`);
      const name = head.slice(1);
      this.#tables.set(name, applyTable(this.#copy(name), lines));
    }
    this.inputs.push(input);
  }

  async hasChain(table: string, chain: string): Promise<boolean> {
    return this.#tables.get(table)?.has(chain) ?? false;
  }

  async list(queries: readonly ChainQuery[]): Promise<readonly ChainListing[] | undefined> {
    const listings = queries.flatMap((query) => this.#list(query) ?? []);
    return listings.length === queries.length ? listings : undefined;
  }

  close(): void {}

  #list(query: ChainQuery): ChainListing | undefined {
    const table = this.#tables.get(query.table) ?? new Map<string, FakeChain>();
    const isBuiltin = builtin[query.table]?.includes(query.chain);
    const rules = table.get(query.chain)?.rules ?? (isBuiltin ? [] : undefined);
    const leading = [...table.values()].flatMap(({ rules: texts }) => texts.map(targetOf));
    const references = isBuiltin ? undefined : leading.filter((target) => target === query.chain).length;
    if (!rules) return undefined;
    const { table: name, chain } = query;
    if (query.texts) return { table: name, chain, texts: true, references: undefined, targets: [], rules };
    return { table: name, chain, references, targets: rules.map(targetOf) };
  }

  #copy(name: string): FakeTable {
    const known = this.#tables.get(name);
    if (known) return new Map([...known].map(([chain, { policy, rules }]) => [chain, { policy, rules: [...rules] }]));
    return new Map((builtin[name] ?? []).map((chain) => [chain, { policy: 'ACCEPT', rules: [] }]));
  }
}

const applyTable = (table: FakeTable, lines: readonly string[]): FakeTable => {
  for (const line of lines) {
    if (line.startsWith(':')) {
      const [name = '', policy = '-'] = line.slice(1).split(' ');
      table.set(name, { policy, rules: [] });
    } else applyRule(table, line);
  }
  const used = new Set([...table.values()].flatMap(({ rules }) => rules.map(targetOf)));
  for (const target of used) {
    if (target.startsWith('KUBE-') && !table.has(target)) throw new Error(`no chain ${target}`);
  }
  return table;
};

const applyRule = (table: FakeTable, line: string): void => {
  const [verb = '', name = ''] = line.split(' ', 2);
  const chain = table.get(name);
  if (!chain) throw new Error(`no chain ${name}: ${line}`);
  const text = line.slice(verb.length + name.length + 2);
  if (verb === '-A') chain.rules.push(text);
  else if (verb === '-I') chain.rules.unshift(text);
  else if (verb === '-D') {
    const index = chain.rules.indexOf(text);
    if (index < 0) throw new Error(`no such rule: ${line}`);
    chain.rules.splice(index, 1);
  } else if (verb === '-X') {
    const users = [...table].filter(([, { rules }]) => rules.some((rule) => targetOf(rule) === name));
    if (users.length > 0 || chain.rules.length > 0) throw new Error(`chain ${name} is in use`);
    table.delete(name);
  } else throw new Error(`not understood: ${line}`);
};

const targetOf = (rule: string): string => / ?-j (\S+)/.exec(rule)?.[1] ?? '';

const saveTable = (name: string, table: FakeTable): string => {
  const order = builtin[name] ?? [];
  const ours = [...table.keys()].filter((chain) => !order.includes(chain)).sort();
  const chains = [...order, ...ours].flatMap((chain) => {
    const found = table.get(chain);
    return found ? [{ chain, ...found }] : [];
  });
  return [
    `*${name}`,
    ...chains.map(({ chain, policy }) => `:${chain} ${policy} [0:0]`),
    ...chains.flatMap(({ chain, rules }) => rules.map((text) => `-A ${chain} ${text}`)),
    'COMMIT\n',
  ].join('\n');
};
