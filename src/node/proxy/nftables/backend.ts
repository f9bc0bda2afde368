// nftables mode for one address family: an update becomes items, and the difference goes to the kernel. The only state
// is the table's known content.
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { Nft } from '../../sys/nft.ts';
import type { RulesetState } from '../../sys/ruleset-state.ts';
import { type Backend, noRules, type RuleCounts, type Update, type Written } from '../backend.ts';
import type { IpFamily } from '../types.ts';
import { buildPort } from './build-port.ts';
import { type Existing, readExisting } from './existing.ts';
import { type Changes, Ledger } from './ledger.ts';
import { type Chain, type Item, identityOf, type NamedSet, nameOf, sameItem, words } from './model.ts';
import type { BuildOptions } from './port-context.ts';
import { renderAll, renderChanges, renderRemoval, type Unused, unusedIn } from './render.ts';

export interface NftablesOptions {
  readonly family: IpFamily;
  readonly nft: Nft;
  readonly state: RulesetState;
  readonly log: Logger;
  /** Both are called at each sync, because the node may have changed. */
  readonly base: () => readonly Item[];
  readonly build: () => BuildOptions;
}

/** Owner of the items that do not depend on services. It sorts before all service ports. */
const baseOwner = '';

/** Limit of unused chains and sets. Deleting each one at once would cost a second transaction for most changes. */
const maxUnused = 100;

export class NftablesBackend implements Backend {
  readonly failures = { of: 'nftables' as const, sync: 0, cleanup: 0 };
  readonly #options: NftablesOptions;
  #ledger = new Ledger();
  /** Identity → unused chain or set in the kernel. */
  readonly #unused = new Map<string, Item>();
  /** Chain → its rules, as nft printed them at the first look, because nft prints other text than it reads. */
  #listed = new Map<string, Listed>();
  /** The ruleset's state when the table was last complete. A write that changes chains changes this state, too. */
  #whole: string | undefined;

  constructor(options: NftablesOptions) {
    this.#options = options;
  }

  async write(update: Update, signal: AbortSignal): Promise<Written> {
    const { full } = update;
    this.#options.log.info(4, 'Syncing nftables rules', { ipFamily: this.#options.family, fullSync: full });
    try {
      this.#recompute(update);
      if (full) await this.#writeAll(signal);
      else await this.#writeChanges(this.#ledger.takeChanges(), signal);
    } catch (error) {
      this.failures.sync += 1;
      throw error;
    }
    return { full, rules: noRules };
  }

  /**
   * Whether the table is gone, or a chain has other rules than at the first look after it was written. Elements are not
   * checked, because listing them takes long.
   */
  async damaged(signal: AbortSignal): Promise<boolean> {
    const state = await this.#options.state.read(signal);
    if (state !== undefined && state === this.#whole) return false;
    const whole = this.#isWhole(await this.#list(signal));
    this.#whole = whole ? state : undefined;
    return !whole;
  }

  countRules(): RuleCounts {
    return noRules;
  }

  close(): void {
    this.#options.state.close();
  }

  #recompute({ view, changed, full, nodeChanged }: Update): void {
    const everything = full || nodeChanged;
    if (full) this.#ledger = new Ledger();
    if (everything) this.#ledger.replace(baseOwner, this.#options.base());
    const options = this.#options.build();
    for (const key of everything ? new Set([...view.ports.keys(), ...this.#ledger.owners]) : changed) {
      if (key === baseOwner) continue;
      const port = view.ports.get(key);
      this.#ledger.replace(key, port ? buildPort(port, view.endpoints.get(key) ?? [], options) : []);
    }
    if (full) this.#ledger.settle();
  }

  async #writeAll(signal: AbortSignal): Promise<void> {
    const { family } = this.#options;
    const existing = await this.#list(signal);
    const items = [...this.#ledger.items()];
    await this.#apply(renderAll(family, items, existing), signal);
    this.#unused.clear();
    await this.#sweep(unusedIn(existing, items), signal);
    // The first look, before anybody changes a rule.
    this.#isWhole(await this.#list(signal));
    const names = new Set(items.flatMap((item) => (item.kind === 'chain' ? [item.name] : [])));
    this.#listed = new Map([...this.#listed].filter(([name]) => names.has(name)));
  }

  async #writeChanges(changes: Changes, signal: AbortSignal): Promise<void> {
    if (changes.added.length + changes.removed.length === 0) return;
    const input = renderChanges(this.#options.family, changes);
    if (input !== '') await this.#apply(input, signal);
    for (const item of changes.removed) if (item.kind !== 'element') this.#unused.set(identityOf(item), item);
    for (const item of changes.added) this.#unused.delete(identityOf(item));
    if (this.#unused.size <= maxUnused) return;
    const unused = [...this.#unused.values()];
    this.#unused.clear();
    const sets = unused.filter((item): item is NamedSet => item.kind === 'set' || item.kind === 'map');
    const chains = unused.filter(({ kind }) => kind === 'chain').map(nameOf);
    await this.#sweep({ chains, sets }, signal);
  }

  /** A failure is only counted: unused chains do no harm, and the next full sync tries again. */
  async #sweep(unused: Unused, signal: AbortSignal): Promise<void> {
    if (unused.chains.length + unused.sets.length === 0) return;
    try {
      await this.#apply(renderRemoval(this.#options.family, unused), signal);
    } catch (error) {
      signal.throwIfAborted();
      this.failures.cleanup += 1;
      this.#options.log.warning('Unused chains could not be deleted', { err: messageOf(error) });
    }
  }

  async #apply(input: string, signal: AbortSignal): Promise<void> {
    const { log, family, nft } = this.#options;
    if (log.enabled(9)) log.info(9, 'Applying nftables rules', { ipFamily: family, rules: input });
    await nft.apply(`${input}\n`, signal);
  }

  async #list(signal: AbortSignal): Promise<Existing | undefined> {
    const { nft, family } = this.#options;
    return readExisting((await nft.list(`ruleset ${words[family].ip}`, signal)) ?? '', family);
  }

  #isWhole(existing: Existing | undefined): boolean {
    if (!existing) return false;
    for (const item of this.#ledger.items()) {
      if (item.kind === 'element') continue;
      if (item.kind === 'chain' ? !this.#isUnchanged(item, existing) : !existing.sets.has(item.name)) return false;
    }
    return true;
  }

  /** Somebody may have replaced a rule, which keeps the number of rules. */
  #isUnchanged(chain: Chain, { chains }: Existing): boolean {
    const rules = chains.get(chain.name);
    if (rules?.length !== chain.rules.length) return false;
    const text = rules.join('\n');
    const known = this.#listed.get(chain.name);
    const isNew = known?.chain !== chain;
    // Somebody may have changed a rule between a write and its first look. So what was known of the same rules counts,
    // unless nft prints the other text after two writes: then the earlier look came too late.
    const isSame = known !== undefined && (!isNew || sameItem(known.chain, chain));
    if (!isSame || text === known.text || (isNew && text === known.odd)) {
      this.#listed.set(chain.name, { chain, text });
      return true;
    }
    const odd = isNew ? text : known.odd;
    this.#listed.set(chain.name, { chain, text: known.text, ...(odd === undefined ? {} : { odd }) });
    return false;
  }
}

interface Listed {
  readonly chain: Chain;
  readonly text: string;
  /** Another text, at the first look after the last full sync. */
  readonly odd?: string;
}
