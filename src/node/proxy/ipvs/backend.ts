// ipvs mode for one address family: an update → what is wanted → what differs → kernel. Virtual servers balance, a link holds services'
// addresses so that the kernel takes packets to them as its own, sets and rules masquerade and refuse.
import type { Logger } from '../../../kit/logger.ts';
import type { DummyLink } from '../../sys/dummy-link.ts';
import type { Ipset } from '../../sys/ipset.ts';
import type { Ipvs } from '../../sys/ipvs.ts';
import { type Backend, type Failures, noRules, type RuleCounts, type Update, type Written } from '../backend.ts';
import type { IpFamily, PortKey } from '../types.ts';
import { type BuildOptions, buildPort, type VirtualServer } from './build-port.ts';
import type { RuleOptions } from './build-rules.ts';
import { Draining } from './draining.ts';
import { type Existing, ofFamily, readSets } from './existing.ts';
import {
  type Changes,
  compareAll,
  isEmpty,
  type KnownServer,
  type ServerChange,
  serverLines,
  setLines,
} from './plan.ts';
import type { RuleWriter } from './rule-writer.ts';
import { type SetKey, setHead, setName } from './sets.ts';
import { serverName, Wanted, type WantedChanges } from './wanted.ts';

export interface IpvsOptions {
  readonly family: IpFamily;
  readonly ipvs: Ipvs;
  readonly ipset: Ipset;
  readonly link: DummyLink;
  readonly rules: RuleWriter;
  readonly log: Logger;
  /** Asked only when the node is another one, or it is looked for damage: with thousands of addresses it takes a while. */
  readonly build: () => BuildOptions;
  readonly ruleOptions: () => Omit<RuleOptions, 'family' | 'filled' | 'keptFromNode' | 'foreign'>;
  /** Networks whose virtual servers are another program's. */
  readonly excluded: readonly string[];
  readonly signal: AbortSignal;
}

/** When it is looked for the first time whether an endpoint that is gone has connections, and how often after that. */
const firstSweepMs = 500;
const sweepPeriodMs = 10_000;

export class IpvsBackend implements Backend {
  readonly #options: IpvsOptions;
  readonly #draining = new Draining();
  #wanted = new Wanted();
  #foreign: ReadonlySet<SetKey> = new Set();
  /** What service ports were built from last. */
  #built: BuildOptions | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #sweepDue = 0;
  /** A sweep and a sync must not be at it at once. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: IpvsOptions) {
    this.#options = options;
  }

  write(update: Update, signal: AbortSignal): Promise<Written> {
    return this.#inTurn(async () => {
      const { log, family } = this.#options;
      log.info(3, 'Syncing ipvs proxier rules', { ipFamily: family, fullSync: update.full });
      this.#want(update);
      const incremental = this.#wanted.takeChanges();
      const changes = update.full ? await this.#compareAll(signal) : this.#changesOf(incremental);
      const rules = await this.#apply(changes, update.full, signal);
      return { full: update.full, rules };
    });
  }

  /** Everything that a full sync would write is looked for. */
  damaged(signal: AbortSignal): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!isSame(this.#options.build(), this.#built)) return true;
      if (await this.#options.rules.damaged(signal)) return true;
      const { excluded } = this.#options;
      const existing = await this.#look(signal);
      return (
        existing.addresses === undefined || !isEmpty(compareAll(this.#wanted, existing, { excluded, thorough: false }))
      );
    });
  }

  get failures(): Failures {
    return this.#options.rules.failures;
  }

  countRules(): RuleCounts {
    return this.#options.rules.counts;
  }

  close(): void {
    clearTimeout(this.#sweeper);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #want({ view, changed, full, nodeChanged }: Update): void {
    const before = this.#built;
    const options = full || nodeChanged || !before ? this.#options.build() : before;
    const all = full || !isSame(options, before);
    this.#built = options;
    const keys: Iterable<PortKey> = all ? new Set([...view.ports.keys(), ...this.#wanted.owners]) : changed;
    for (const key of keys) {
      const port = view.ports.get(key);
      this.#wanted.replace(key, port && buildPort(port, view.endpoints.get(key) ?? [], options));
    }
  }

  async #look(signal: AbortSignal): Promise<Existing> {
    const { family, ipvs, ipset, link } = this.#options;
    const [listed, saved, addresses] = await Promise.all([ipvs.list(), ipset.save(signal), link.list(family, signal)]);
    return { servers: ofFamily(listed, family), sets: readSets(saved, family), addresses };
  }

  async #compareAll(signal: AbortSignal): Promise<Changes> {
    const { link, excluded } = this.#options;
    const existing = await this.#look(signal);
    if (existing.addresses === undefined) await link.ensure(signal);
    this.#draining.clear();
    this.#foreign = new Set([...existing.sets].filter(([, { foreign }]) => foreign).map(([key]) => key));
    this.#tellForeign();
    return compareAll(this.#wanted, existing, { excluded, thorough: true });
  }

  #tellForeign(): void {
    const { log, family } = this.#options;
    for (const key of this.#foreign) {
      const set = setName(key, family);
      const remedy = `ipset destroy ${set}`;
      const error = new Error(
        `it exists, but not as "${setHead(key, family)}"; what needs it is left out until: ${remedy}`,
      );
      log.error('Another program has made a set of this name', error, { ipset: set });
    }
  }

  #changesOf({ servers, members }: WantedChanges): Changes {
    const usable = members.filter(({ key }) => !this.#foreign.has(key));
    const bound = members.find(({ key }) => key === 'IPVS-IPS');
    return {
      servers: servers.flatMap((change) => this.#serverChange(change)),
      members: usable,
      addresses: { add: bound?.add ?? [], remove: bound?.remove ?? [] },
      missingSets: [],
    };
  }

  #serverChange({ before, after }: WantedChanges['servers'][number]): ServerChange[] {
    if (!before && !after) return [];
    return [{ before: before && this.#known(before), after }];
  }

  #known(server: VirtualServer): KnownServer {
    const draining = [...this.#draining.of(serverName(server))].map((backend) => [backend, 0] as const);
    return { ...server, backends: new Map([...server.backends.map((backend) => [backend, 1] as const), ...draining]) };
  }

  /**
   * What is opened comes before what is closed; addresses, at which packets begin to come, last and first. A virtual server is in our
   * sets for as long as it is there: whoever starts after this one was killed midway knows by them whose it is.
   */
  async #apply(changes: Changes, full: boolean, signal: AbortSignal): Promise<RuleCounts> {
    const { family, ipvs, ipset, link, rules, ruleOptions } = this.#options;
    const servers = serverLines(changes.servers);
    const sets = setLines(changes, family);
    this.#remember(changes.servers, servers.draining);
    await ipset.restore(sets.open, signal);
    await ipvs.restore(servers.open, signal);
    const { filled, keptFromNode } = this.#wanted;
    const options = { ...ruleOptions(), family, filled, keptFromNode, foreign: this.#foreign };
    const written = (await rules.write(options, full, signal)) ?? noRules;
    await link.change(changes.addresses, signal);
    await ipvs.restore(servers.close, signal);
    await ipset.restore(sets.close, signal);
    if (servers.draining.length > 0) this.#sweepIn(firstSweepMs);
    return written;
  }

  #remember(changes: readonly ServerChange[], draining: Parameters<Draining['add']>[0]): void {
    for (const { before, after } of changes) {
      const name = serverName(after ?? before ?? { protocol: '', address: '' });
      if (!after) this.#draining.removeServer(name);
      for (const backend of after?.backends ?? []) this.#draining.remove(name, backend);
    }
    this.#draining.add(draining);
  }

  /** Not as part of the sync: to look at all virtual servers takes longer than a change of one. */
  #sweepIn(delayMs: number): void {
    const due = performance.now() + delayMs;
    if (!this.#draining.any || (this.#sweeper && this.#sweepDue <= due)) return;
    clearTimeout(this.#sweeper);
    this.#sweepDue = due;
    this.#sweeper = setTimeout(() => void this.#sweep(), delayMs).unref();
  }

  async #sweep(): Promise<void> {
    const { ipvs, log, signal } = this.#options;
    this.#sweeper = undefined;
    try {
      await this.#inTurn(() => this.#draining.sweep(ipvs, signal));
    } catch (error) {
      if (signal.aborted) return;
      log.error('Failed to remove endpoints that are gone', error);
    }
    this.#sweepIn(sweepPeriodMs);
  }
}

const isSame = (a: BuildOptions, b: BuildOptions | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
