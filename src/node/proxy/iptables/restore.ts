// Rules → input of `iptables-restore --noflush`. There, naming a chain (`:NAME`) makes it or empties it; all lines up to COMMIT
// take effect in one step.
import type { TableName } from './build-base.ts';

/** Lines of one table: chains first, then rules, then chains to delete. */
export class TableInput {
  readonly table: TableName;
  readonly #chains: string[] = [];
  readonly #rules: string[] = [];
  readonly #removals: string[] = [];

  constructor(table: TableName) {
    this.table = table;
  }

  /** A chain with exactly these rules. */
  chain(name: string, rules: readonly string[]): this {
    this.#chains.push(`:${name} - [0:0]`);
    for (const text of rules) this.append(name, text);
    return this;
  }

  append(chain: string, text: string): this {
    this.#rules.push(`-A ${chain} ${text}`);
    return this;
  }

  /** In front of all others. */
  insert(chain: string, text: string): this {
    this.#rules.push(`-I ${chain} ${text}`);
    return this;
  }

  remove(chain: string, text: string): this {
    this.#rules.push(`-D ${chain} ${text}`);
    return this;
  }

  /** Empties and deletes a chain of ours that exists. */
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

/** Several tables in one input, in this order. Each table is atomic by itself. */
export const joinTables = (tables: readonly TableInput[]): string => tables.map(String).join('');
