// iptables mode for one address family: an update → rules → plan → kernel. Its only state is what it has written to the
// kernel.
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { ChainLister, ChainListing } from '../../sys/chain-lister.ts';
import type { Netfilter } from '../../sys/netfilter.ts';
import type { Backend, RuleCounts, Update, Written } from '../backend.ts';
import type { IpFamily, PortKey, ServiceView } from '../types.ts';
import { readExisting } from '../xtables/existing.ts';
import type { BaseRules } from './build-base.ts';
import { buildPort, type PortRules } from './build-port.ts';
import type { SharedRule } from './build-shared.ts';
import { DamageFinder, type Expected, expectedChains, expectedLongChains } from './damage.ts';
import { chain } from './names.ts';
import { type PieceSize, pieceSizes, planChanges, planFull, type Step } from './plan.ts';
import type { BuildOptions } from './port-context.ts';

/** With more endpoints in total, the rules of endpoints have no comments. This makes the input 40% smaller. */
const largeCluster = 1000;

export interface IptablesOptions {
  readonly family: IpFamily;
  readonly netfilter: Netfilter;
  /** What one call of `netfilter` takes. Default: `pieceSizes.nft`. */
  readonly pieces?: PieceSize;
  readonly lister: ChainLister;
  readonly log: Logger;
  /** Asked at each sync and each check for damage, because the machine's addresses may have changed. */
  readonly base: () => BaseRules;
  /** Asked at each sync, because the node may have changed. */
  readonly build: () => Omit<BuildOptions, 'family' | 'endpointComments'>;
}

/** The rules that service ports are to have; undefined: the port is gone. */
type Next = ReadonlyMap<PortKey, PortRules | undefined>;

export class IptablesBackend implements Backend {
  readonly failures = { of: 'iptables' as const, restore: 0, partialRestore: 0 };
  readonly #options: IptablesOptions;
  readonly #applied = new Map<PortKey, PortRules>();
  #withComments = true;
  #endpointCount = 0;
  #base: BaseRules;
  /** What the chains must have after the last write. Computed at the first check for damage after it. */
  #expected: readonly Expected[] | undefined;
  /** Whether the lister has ever worked here. */
  #listed = false;
  /** The last listing without damage. */
  #whole: readonly ChainListing[] | undefined;
  readonly #finder = new DamageFinder();

  constructor(options: IptablesOptions) {
    this.#options = options;
    this.#base = options.base();
  }

  async write(update: Update, signal: AbortSignal): Promise<Written> {
    const { log, family } = this.#options;
    const { view, changed, nodeChanged } = update;
    const resized = this.#updateSize(view);
    // The rules for node ports depend on the machine's addresses, and no event tells that those changed.
    const rebased = this.#updateBase();
    const full = rebased || resized || update.full;
    log.info(2, 'Syncing iptables rules', { ipFamily: family, fullSync: full });
    const keys = full || nodeChanged ? new Set([...view.ports.keys(), ...this.#applied.keys()]) : changed;
    const next = this.#build(view, keys);
    const rules = full ? await this.#writeAll(view, next, signal) : await this.#writeChanges(view, next, signal);
    if (full) this.#finder.rewritten();
    this.#commit(next);
    return { full, rules };
  }

  /**
   * Whether jumps to our chains or rules of shared chains are gone, a short shared chain has foreign rules, or the
   * addresses that accept node ports changed.
   */
  async damaged(signal: AbortSignal): Promise<boolean> {
    const { log, family, lister } = this.#options;
    if (this.#updateBase()) {
      log.info(2, 'Node ports answer at other addresses by now', { ipFamily: family });
      return true;
    }
    this.#expected ??= expectedChains(this.#base, this.#sharedRules());
    const listings = await lister.list(this.#expected, signal);
    // Before the first successful listing, no answer may mean that the tool cannot list. Afterwards it means that a
    // chain is gone.
    if (!listings) return this.#listed || (await this.#canaryGone(signal));
    if (listings === this.#whole) return false;
    this.#listed = true;
    const damaged = this.#find(this.#expected, listings);
    this.#whole = damaged ? undefined : listings;
    return damaged;
  }

  /** Whether the long shared chains lack rules or have foreign ones. */
  async damagedInside(signal: AbortSignal): Promise<boolean> {
    if (!this.#listed) return false;
    const expected = expectedLongChains(this.#base, this.#sharedRules());
    const listings = await this.#options.lister.list(expected, signal);
    return !listings || this.#find(expected, listings);
  }

  #find(expected: readonly Expected[], listings: readonly ChainListing[]): boolean {
    const damage = this.#finder.find(expected, listings);
    if (!damage) return false;
    const { log, family } = this.#options;
    log.info(2, 'Rules of a chain are missing or foreign', {
      ipFamily: family,
      table: damage.table,
      chain: damage.chain,
    });
    return true;
  }

  countRules(): RuleCounts {
    const total = { nat: 0, filter: 0 };
    for (const { chains, shared } of this.#applied.values()) {
      for (const rules of chains.values()) total.nat += rules.length;
      for (const { table } of shared) total[table] += 1;
    }
    return total;
  }

  close(): void {
    this.#options.lister.close();
  }

  async #canaryGone(signal: AbortSignal): Promise<boolean> {
    for (const table of ['mangle', 'nat', 'filter'] as const) {
      if (!(await this.#options.netfilter.hasChain(table, chain.canary, signal))) return true;
    }
    return false;
  }

  *#sharedRules(): Generator<SharedRule> {
    for (const { shared } of this.#applied.values()) yield* shared;
  }

  /** @returns whether the rules of endpoints get or lose their comments */
  #updateSize({ ports, endpoints }: ServiceView): boolean {
    let total = 0;
    for (const key of ports.keys()) total += endpoints.get(key)?.length ?? 0;
    this.#endpointCount = total;
    const before = this.#withComments;
    this.#withComments = total <= largeCluster;
    return before !== this.#withComments;
  }

  /** @returns whether the rules that don't depend on services changed */
  #updateBase(): boolean {
    const base = this.#options.base();
    if (JSON.stringify(base) === JSON.stringify(this.#base)) return false;
    this.#base = base;
    return true;
  }

  /** The rules of these service ports, in the order of the ports' names. */
  #build({ ports, endpoints }: ServiceView, keys: ReadonlySet<PortKey>): Next {
    const { family } = this.#options;
    const options = { ...this.#options.build(), family, endpointComments: this.#withComments };
    const next = new Map<PortKey, PortRules | undefined>();
    for (const key of [...keys].sort()) {
      const port = ports.get(key);
      if (port) next.set(key, buildPort(port, endpoints.get(key) ?? [], options));
      else if (this.#applied.has(key)) next.set(key, undefined);
    }
    return next;
  }

  async #writeAll(view: ServiceView, next: Next, signal: AbortSignal): Promise<RuleCounts> {
    const { netfilter } = this.#options;
    const existing = readExisting(await netfilter.save(signal));
    const ports = [...next.values()].flatMap((rules) => rules ?? []);
    const written = { nat: 0, filter: 0 };
    for (const step of planFull(this.#base, ports, existing, this.#pieces)) {
      this.#announce(view, step);
      try {
        await this.#restore(step.input, signal);
        written.nat += step.counts.natRules;
        written.filter += step.counts.filterRules;
      } catch (error) {
        if (!step.optional) throw error;
        this.#options.log.warning('Leftover chains could not be deleted', { err: messageOf(error) });
      }
    }
    return written;
  }

  async #writeChanges(view: ServiceView, next: Next, signal: AbortSignal): Promise<RuleCounts> {
    const changes = [...next].map(([key, after]) => ({ before: this.#applied.get(key), after }));
    const written = { nat: 0, filter: 0 };
    for (const step of planChanges(changes, this.#pieces)) {
      this.#announce(view, step);
      try {
        await this.#restore(step.input, signal);
      } catch (error) {
        if (!signal.aborted) this.failures.partialRestore += 1;
        throw error;
      }
      written.nat += step.counts.natRules;
      written.filter += step.counts.filterRules;
    }
    return written;
  }

  get #pieces(): PieceSize {
    return this.#options.pieces ?? pieceSizes.nft;
  }

  async #restore(input: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.netfilter.restore(input, signal);
    } catch (error) {
      if (!signal.aborted) this.failures.restore += 1;
      throw error;
    }
  }

  #announce({ ports }: ServiceView, { counts, input }: Step): void {
    const { log, family } = this.#options;
    log.info(2, 'Reloading service iptables data', {
      ipFamily: family,
      numServices: ports.size,
      numEndpoints: this.#endpointCount,
      numFilterChains: counts.filterChains,
      numFilterRules: counts.filterRules,
      numNATChains: counts.natChains,
      numNATRules: counts.natRules,
    });
    if (log.enabled(9)) log.info(9, 'Restoring iptables', { ipFamily: family, rules: input });
  }

  #commit(next: Next): void {
    this.#expected = undefined;
    this.#whole = undefined;
    for (const [key, rules] of next) {
      if (rules) this.#applied.set(key, rules);
      else this.#applied.delete(key);
    }
  }
}
