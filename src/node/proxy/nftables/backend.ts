// nftables mode for one address family: an update → items → what differs → kernel. The only state is what is known to be in the kernel.
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { Nft } from '../../sys/nft.ts';
import type { RulesetState } from '../../sys/ruleset-state.ts';
import { type Backend, noRules, type RuleCounts, type Update, type Written } from '../backend.ts';
import type { IpFamily } from '../types.ts';
import { buildPort } from './build-port.ts';
import { type Existing, readExisting } from './existing.ts';
import { type Changes, Ledger } from './ledger.ts';
import { type Item, identityOf, type NamedSet, nameOf, words } from './model.ts';
import type { BuildOptions } from './port-context.ts';
import { type Litter, litterOf, renderAll, renderChanges, renderRemoval } from './render.ts';

export interface NftablesOptions {
  readonly family: IpFamily;
  readonly nft: Nft;
  readonly state: RulesetState;
  readonly log: Logger;
  /** Both are asked at each sync: the node may have changed. */
  readonly base: () => readonly Item[];
  readonly build: () => BuildOptions;
}

/** Whose the items are that don't depend on services: comes before all names. */
const baseOwner = '';

/** So many unused chains and sets may lie around: to delete each at once would cost a second transaction for most changes. */
const tolerableLitter = 100;

export class NftablesBackend implements Backend {
  readonly failures = { of: 'nftables' as const, sync: 0, cleanup: 0 };
  readonly #options: NftablesOptions;
  #ledger = new Ledger();
  /** By identity. */
  readonly #litter = new Map<string, Item>();
  /** Grows with each write that begins. */
  #writes = 0;
  #writing = false;
  /** The state when the table last lacked nothing. What a write of ours changes in chains changes it, too. */
  #whole: string | undefined;

  constructor(options: NftablesOptions) {
    this.#options = options;
  }

  async write(update: Update, signal: AbortSignal): Promise<Written> {
    const { full } = update;
    this.#options.log.info(4, 'Syncing nftables rules', { ipFamily: this.#options.family, fullSync: full });
    this.#writes += 1;
    this.#writing = true;
    try {
      this.#recompute(update);
      if (full) await this.#writeAll(signal);
      else await this.#writeChanges(this.#ledger.takeChanges(), signal);
    } catch (error) {
      this.failures.sync += 1;
      throw error;
    } finally {
      this.#writing = false;
    }
    return { full, rules: noRules };
  }

  /** Whether the table is gone, or chains of it were emptied or filled. Elements aren't looked at: to list them takes long. */
  async damaged(signal: AbortSignal): Promise<boolean> {
    const writes = this.#writes;
    const state = await this.#options.state.read(signal);
    if (state !== undefined && state === this.#whole) return false;
    const existing = await this.#list(signal);
    // What a sync was just changing says nothing.
    if (writes !== this.#writes || this.#writing) return false;
    const whole = this.#isWhole(existing);
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
    this.#litter.clear();
    await this.#sweep(litterOf(existing, items), signal);
  }

  async #writeChanges(changes: Changes, signal: AbortSignal): Promise<void> {
    if (changes.added.length + changes.removed.length === 0) return;
    const input = renderChanges(this.#options.family, changes);
    if (input !== '') await this.#apply(input, signal);
    for (const item of changes.removed) if (item.kind !== 'element') this.#litter.set(identityOf(item), item);
    for (const item of changes.added) this.#litter.delete(identityOf(item));
    if (this.#litter.size <= tolerableLitter) return;
    const litter = [...this.#litter.values()];
    this.#litter.clear();
    const sets = litter.filter((item): item is NamedSet => item.kind === 'set' || item.kind === 'map');
    const chains = litter.filter(({ kind }) => kind === 'chain').map(nameOf);
    await this.#sweep({ chains, sets }, signal);
  }

  /** A failure is no reason to start over: what stays is in nobody's way, and the next full sync tries again. */
  async #sweep(litter: Litter, signal: AbortSignal): Promise<void> {
    if (litter.chains.length + litter.sets.length === 0) return;
    try {
      await this.#apply(renderRemoval(this.#options.family, litter), signal);
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
      if (item.kind !== 'chain' ? !existing.sets.has(item.name) : existing.chains.get(item.name) !== item.rules.length)
        return false;
    }
    return true;
  }
}
