// ipvs mode for one address family: an update → what is wanted → what differs → kernel. Virtual servers choose the
// endpoint. The link kube-ipvs0 has the addresses of services, so that the kernel accepts packets to them. Sets and
// rules masquerade and reject.
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
  schedulerFlags,
  serverLines,
  setLines,
} from './plan.ts';
import type { RuleWriter } from './rule-writer.ts';
import { type SetKey, setHead, setName } from './sets.ts';
import { usableByIpvs } from './usable.ts';
import { serverName, Wanted, type WantedChanges } from './wanted.ts';

export interface IpvsOptions {
  readonly family: IpFamily;
  readonly ipvs: Ipvs;
  readonly ipset: Ipset;
  readonly link: DummyLink;
  readonly rules: RuleWriter;
  readonly log: Logger;
  /**
   * Asked when the node changed and when checking for damage, but not for each update: it takes long with thousands of
   * addresses.
   */
  readonly build: () => BuildOptions;
  readonly ruleOptions: () => Omit<RuleOptions, 'family' | 'filled' | 'keptFromNode' | 'foreign'>;
  /** Networks whose virtual servers belong to another program. */
  readonly excluded: readonly string[];
  readonly signal: AbortSignal;
}

/** When to check whether a removed endpoint still has connections: first after this time, then once per period. */
const firstSweepMs = 500;
const sweepPeriodMs = 10_000;

export class IpvsBackend implements Backend {
  readonly #options: IpvsOptions;
  readonly #draining = new Draining();
  #wanted = new Wanted();
  #foreign: ReadonlySet<SetKey> = new Set();
  /** The options with which service ports were last built. */
  #built: BuildOptions | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #sweepDue = 0;
  /**
   * The work under way. A sweep starts by its own timer, and must not run at the same time as a write or a check for
   * damage.
   */
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

  /** Whether anything differs from what a full sync would write. */
  damaged(signal: AbortSignal): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!isSame(this.#options.build(), this.#built)) return true;
      if (await this.#options.rules.damaged(signal)) return true;
      const { excluded } = this.#options;
      const existing = await this.#readKernel(signal);
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
      const usable = port && usableByIpvs(port, view.endpoints.get(key) ?? [], this.#options.log);
      this.#wanted.replace(key, usable && buildPort(usable.port, usable.endpoints, options));
    }
  }

  async #readKernel(signal: AbortSignal): Promise<Existing> {
    const { family, ipvs, ipset, link } = this.#options;
    const [listed, saved, addresses] = await Promise.all([
      ipvs.list(signal),
      ipset.save(signal),
      link.list(family, signal),
    ]);
    return { servers: ofFamily(listed, family), sets: readSets(saved, family), addresses };
  }

  async #compareAll(signal: AbortSignal): Promise<Changes> {
    const { link, excluded } = this.#options;
    const existing = await this.#readKernel(signal);
    if (existing.addresses === undefined) await link.ensure(signal);
    this.#draining.clear();
    this.#foreign = new Set([...existing.sets].filter(([, { foreign }]) => foreign).map(([key]) => key));
    this.#logForeign();
    return compareAll(this.#wanted, existing, { excluded, thorough: true });
  }

  #logForeign(): void {
    const { log, family } = this.#options;
    for (const key of this.#foreign) {
      const set = setName(key, family);
      const remedy = `ipset destroy ${set}`;
      const error = new Error(
        `it exists, but not as "${setHead(key, family)}"; rules that need it are left out until you run: ${remedy}`,
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
    const backends = new Map([...server.backends.map((backend) => [backend, 1] as const), ...draining]);
    return { ...server, schedulerFlags: schedulerFlags(server.scheduler), backends };
  }

  /**
   * Opens new ways before it closes old ones. Addresses are added after their servers, and removed before them. A
   * virtual server has a set member during its whole life: if kube-proxy is killed midway, the next one finds by the
   * sets which servers are its own.
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

  /** Runs by its own timer, because reading all virtual servers takes longer than a sync of one change. */
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
      log.error('Failed to remove endpoints without connections', error);
    }
    this.#sweepIn(sweepPeriodMs);
  }
}

const isSame = (a: BuildOptions, b: BuildOptions | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
