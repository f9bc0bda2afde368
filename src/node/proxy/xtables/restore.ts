// Rules → the input of `iptables-restore --noflush`. A line `:NAME` there creates the chain or empties it, and all
// lines up to COMMIT take effect in one step.
import { type Existing, isListed, type ListedRule } from './existing.ts';
import { type Jump, type Rule, ruleText, type TableName } from './rule.ts';

/** The lines of one table: first chains, then rules, then chains to delete. */
export class TableInput {
  readonly table: TableName;
  readonly #chains: string[] = [];
  readonly #rules: string[] = [];
  readonly #removals: string[] = [];

  constructor(table: TableName) {
    this.table = table;
  }

  /** Gives a chain exactly these rules. */
  chain(name: string, rules: readonly Rule[]): this {
    this.#chains.push(`:${name} - [0:0]`);
    for (const rule of rules) this.append(name, rule);
    return this;
  }

  append(chain: string, rule: Rule): this {
    this.#rules.push(`-A ${chain} ${ruleText(rule)}`);
    return this;
  }

  /** Puts a rule in front of all others of its chain. */
  insert(chain: string, rule: Rule): this {
    this.#rules.push(`-I ${chain} ${ruleText(rule)}`);
    return this;
  }

  remove(chain: string, rule: Rule): this {
    this.#rules.push(`-D ${chain} ${ruleText(rule)}`);
    return this;
  }

  /** Removes a rule that is in the kernel, by the text that the kernel shows. */
  removeListed({ chain, text }: ListedRule): this {
    this.#rules.push(`-D ${chain} ${text}`);
    return this;
  }

  /** Empties and deletes a chain that exists. */
  removeChain(name: string): this {
    this.#chains.push(`:${name} - [0:0]`);
    this.#removals.push(`-X ${name}`);
    return this;
  }

  get empty(): boolean {
    return this.#chains.length + this.#rules.length === 0;
  }

  get ruleCount(): number {
    return this.#rules.length;
  }

  get chainCount(): number {
    return this.#chains.length;
  }

  toString(): string {
    if (this.empty) return '';
    return `*${this.table}\n${[...this.#chains, ...this.#rules, ...this.#removals].join('\n')}\nCOMMIT\n`;
  }
}

/** One input of several tables, in this order. Each table takes effect in one step, but not all tables together. */
export const joinTables = (tables: readonly TableInput[]): string => tables.map(String).join('');

/** Puts the jumps of one table that are missing to the front of their chains, in the order of the list. */
export const insertMissing = (input: TableInput, jumps: readonly Jump[], existing: Existing): void => {
  const missing = jumps.filter((jump) => jump.table === input.table && !isListed(existing, jump));
  for (const { chain, rule } of missing.toReversed()) input.insert(chain, rule);
};
