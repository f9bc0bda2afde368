// The rules of ipvs mode in the kernel: written whole, and only when they differ, as services come and go without new rules.
import type { Netfilter } from '../../sys/netfilter.ts';
import type { RuleCounts } from '../backend.ts';
import { type Existing, readExisting } from '../iptables/existing.ts';
import { joinTables, TableInput } from '../iptables/restore.ts';
import { buildRules, jumps, type RuleOptions } from './build-rules.ts';
import { isOurChain } from './chains.ts';

export class RuleWriter {
  readonly failures = { of: 'iptables' as const, restore: 0, partialRestore: 0 };
  readonly #netfilter: Netfilter;
  /** As written last. */
  #written: readonly TableInput[] = [];
  /** Our rules as the kernel showed them right after they were written. */
  #shown = '';

  constructor(netfilter: Netfilter) {
    this.#netfilter = netfilter;
  }

  get counts(): RuleCounts {
    const count = (table: string): number => this.#written.find((input) => input.table === table)?.ruleCount ?? 0;
    return { nat: count('nat'), filter: count('filter') };
  }

  /**
   * @param full whatever is there is written over, and missing jumps are put back
   * @returns rules sent; undefined when there was nothing to write
   */
  async write(options: RuleOptions, full: boolean, signal: AbortSignal): Promise<RuleCounts | undefined> {
    const tables = render(options);
    if (!full && joinTables(tables) === joinTables(this.#written)) return undefined;
    this.#written = tables;
    const existing = readExisting(full ? await this.#netfilter.save(signal) : '');
    await this.#restore(joinTables(full ? withJumps(render(options), existing) : tables), signal);
    this.#shown = ours(await this.#netfilter.save(signal));
    return this.counts;
  }

  async #restore(input: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#netfilter.restore(input, signal);
    } catch (error) {
      if (!signal.aborted) this.failures.restore += 1;
      throw error;
    }
  }

  /** Whether somebody changed our chains, or what leads to them. */
  async damaged(signal: AbortSignal): Promise<boolean> {
    const text = await this.#netfilter.save(signal);
    const { builtinRules } = readExisting(text);
    const missing = jumps.some(({ table, chain, text: rule }) => !builtinRules.includes(`${table} ${chain} ${rule}`));
    return missing || ours(text) !== this.#shown;
  }
}

const render = (options: RuleOptions): TableInput[] => {
  const tables = [new TableInput('nat'), new TableInput('filter')];
  for (const { table, name, rules } of buildRules(options)) {
    tables.find((input) => input.table === table)?.chain(name, rules);
  }
  return tables;
};

/** Missing ones go to the front of their chain, in their own order. */
const withJumps = (tables: readonly TableInput[], { builtinRules }: Existing): readonly TableInput[] => {
  for (const { table, chain, text } of jumps.toReversed()) {
    if (builtinRules.includes(`${table} ${chain} ${text}`)) continue;
    tables.find((input) => input.table === table)?.insert(chain, text);
  }
  return tables;
};

/** The rules in our chains, in their order. */
const ours = (text: string): string => {
  let table = '';
  const rules: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const [, name = ''] = /^(?:\[\d+:\d+\] )?-A (\S+)/.exec(line) ?? [];
    if (isOurChain(table, name)) rules.push(`${table} ${line}`);
  }
  return rules.join('\n');
};
