// Writes the rules of ipvs mode to the kernel: always all of them, and only when they differ. Most changes of services
// need no new rules.
import type { Netfilter } from '../../sys/netfilter.ts';
import type { RuleCounts } from '../backend.ts';
import { isListed, listedRules, readExisting } from '../xtables/existing.ts';
import { insertMissing, joinTables, TableInput } from '../xtables/restore.ts';
import { buildRules, jumps, type RuleOptions } from './build-rules.ts';
import { isOurChain } from './chains.ts';

export class RuleWriter {
  readonly failures = { of: 'iptables' as const, restore: 0, partialRestore: 0 };
  readonly #netfilter: Netfilter;
  /** The input of the last write, without jumps. */
  #written: readonly TableInput[] = [];
  /** Our rules as `iptables-save` printed them right after they were written. Undefined: they were already damaged. */
  #saved: string | undefined = '';

  constructor(netfilter: Netfilter) {
    this.#netfilter = netfilter;
  }

  get counts(): RuleCounts {
    const count = (table: string): number => this.#written.find((input) => input.table === table)?.ruleCount ?? 0;
    return { nat: count('nat'), filter: count('filter') };
  }

  /**
   * @param full writes the rules even if they don't differ, and puts missing jumps back
   * @returns rules sent; undefined when there was nothing to write
   */
  async write(options: RuleOptions, full: boolean, signal: AbortSignal): Promise<RuleCounts | undefined> {
    const tables = render(options);
    if (!full && joinTables(tables) === joinTables(this.#written)) return undefined;
    this.#written = tables;
    const input = full ? await this.#withJumps(render(options), signal) : tables;
    await this.#restore(joinTables(input), signal);
    const saved = ourRules(await this.#netfilter.save(signal));
    const { nat, filter } = this.counts;
    // Somebody may have flushed a chain since the rules were written. The next check then finds damage.
    this.#saved = saved.length === nat + filter ? saved.join('\n') : undefined;
    return this.counts;
  }

  async #withJumps(tables: readonly TableInput[], signal: AbortSignal): Promise<readonly TableInput[]> {
    const existing = readExisting(await this.#netfilter.save(signal));
    for (const input of tables) insertMissing(input, jumps, existing);
    return tables;
  }

  async #restore(input: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#netfilter.restore(input, signal);
    } catch (error) {
      if (!signal.aborted) this.failures.restore += 1;
      throw error;
    }
  }

  /** Whether somebody changed our chains, or removed a jump that leads to them. */
  async damaged(signal: AbortSignal): Promise<boolean> {
    const saved = await this.#netfilter.save(signal);
    const existing = readExisting(saved);
    return jumps.some((jump) => !isListed(existing, jump)) || ourRules(saved).join('\n') !== this.#saved;
  }
}

const render = (options: RuleOptions): TableInput[] => {
  const tables = [new TableInput('nat'), new TableInput('filter')];
  for (const { table, name, rules } of buildRules(options)) {
    tables.find((input) => input.table === table)?.chain(name, rules);
  }
  return tables;
};

/** The rules in our chains, in their order. @param saved text of `iptables-save` */
const ourRules = (saved: string): string[] =>
  [...listedRules(saved)]
    .filter(({ table, chain }) => isOurChain(table, chain))
    .map(({ table, chain, text }) => `${table} ${chain} ${text}`);
