// iptables mode for one address family: trackers → rules → plan → kernel. The only state is what is known to be in the kernel.
import type { Service } from '../../../api/core.ts';
import type { EndpointSlice } from '../../../api/discovery.ts';
import { messageOf } from '../../../kit/error.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { Conntrack } from '../../sys/conntrack.ts';
import type { Netfilter } from '../../sys/netfilter.ts';
import { EndpointTracker, ServiceTracker } from '../trackers.ts';
import type { IpFamily, PortKey, ServicePort, ServiceView } from '../types.ts';
import { type BackendChange, staleFlows } from '../udp.ts';
import type { BaseRules } from './build-base.ts';
import { buildPort, type PortRules } from './build-service.ts';
import { readExisting } from './existing.ts';
import { planChange, planFull, type Step } from './plan.ts';
import type { BuildOptions } from './port-context.ts';

/** Beyond this many endpoints in all, the rules of endpoints go without comments: 40% less to send to the kernel. */
const largeCluster = 1000;

export interface ProxierOptions {
  readonly family: IpFamily;
  readonly nodeName: string;
  readonly netfilter: Netfilter;
  readonly conntrack: Conntrack;
  readonly log: Logger;
  /** Both are asked at each sync: the node may have changed. */
  readonly base: () => BaseRules;
  readonly build: () => Omit<BuildOptions, 'family' | 'endpointComments'>;
}

/** What a sync did, for logs, health and metrics. */
export interface SyncReport {
  readonly full: boolean;
  readonly elapsedMs: number;
  readonly serviceChanges: number;
  readonly endpointChanges: number;
  /** Rules sent to the kernel by this sync. */
  readonly rulesWritten: RulesWritten;
  readonly flowsForgotten: number;
  readonly conntrackMs: number;
}

export interface RulesWritten {
  readonly nat: number;
  readonly filter: number;
}

/** Undefined: the port is gone. */
type Next = ReadonlyMap<PortKey, Applied | undefined>;

interface Applied {
  readonly port: ServicePort;
  readonly rules: PortRules;
}

export class Proxier {
  readonly #options: ProxierOptions;
  readonly #services: ServiceTracker;
  readonly #endpoints: EndpointTracker;
  readonly #applied = new Map<PortKey, Applied>();
  #needsFull = true;
  #rebuild = false;
  #withComments = true;
  /** Outlives a failed sync: its flows must be forgotten by the one that succeeds. */
  #backendChanges: BackendChange[] = [];
  #base: BaseRules;

  constructor(options: ProxierOptions) {
    this.#options = options;
    this.#base = options.base();
    this.#services = new ServiceTracker(options.family, options.log);
    this.#endpoints = new EndpointTracker(options.family, options.nodeName, options.log);
  }

  onService(before: Service | undefined, after: Service | undefined): void {
    this.#services.update(before, after);
  }

  onSlice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    this.#endpoints.update(before, after);
  }

  /** The node changed: all rules are computed again, but only those that differ are written. */
  onNode(): void {
    this.#rebuild = true;
  }

  /** The next sync writes everything from scratch. */
  forceFull(): void {
    this.#needsFull = true;
  }

  get family(): IpFamily {
    return this.#options.family;
  }

  get view(): ServiceView {
    return { ports: this.#services.ports, endpoints: this.#endpoints.endpoints };
  }

  /** What is in the kernel, by service port. */
  get rules(): Iterable<PortRules> {
    return this.#applied.values().map(({ rules }) => rules);
  }

  get pending(): { readonly any: boolean; readonly services: number; readonly endpoints: number } {
    const services = this.#services.pending;
    const endpoints = this.#endpoints.pending;
    return { any: this.#needsFull || this.#rebuild || services + endpoints > 0, services, endpoints };
  }

  /** Brings the kernel up to date. After a failure the next one is a full sync, as nobody knows what is there. */
  async sync(signal: AbortSignal): Promise<SyncReport> {
    const { log, family } = this.#options;
    const started = performance.now();
    const pending = this.pending;
    const changed = new Set([...this.#services.apply(), ...this.#endpoints.apply()]);
    this.#judgeSize();
    if (this.#rebuild) this.#judgeBase();
    const [full, rebuild] = [this.#needsFull, this.#rebuild];
    // Taken off now, not at the end: what is asked for while this sync runs is for the next.
    this.#needsFull = false;
    this.#rebuild = false;
    log.info(4, 'Syncing iptables rules', { ipFamily: family, fullSync: full });
    const keys = full || rebuild ? new Set([...this.#services.ports.keys(), ...this.#applied.keys()]) : changed;
    const next = this.#build(keys);
    const rulesWritten = await this.#write(next, full, signal);
    this.#commit(next);
    const written = performance.now();
    const flowsForgotten = await this.#forgetFlows(signal);
    const elapsedMs = performance.now() - started;
    log.info(2, 'SyncProxyRules complete', { ipFamily: family, elapsed: `${elapsedMs.toFixed(6)}ms` });
    return {
      full,
      elapsedMs,
      serviceChanges: pending.services,
      endpointChanges: pending.endpoints,
      rulesWritten,
      flowsForgotten,
      conntrackMs: performance.now() - written,
    };
  }

  /** Whether a full sync's worth of chains is gone: the canary's chains were made with ours. */
  async canaryGone(signal: AbortSignal): Promise<boolean> {
    for (const table of ['mangle', 'nat', 'filter'] as const) {
      if (!(await this.#options.netfilter.hasChain(table, 'KUBE-PROXY-CANARY', signal))) return true;
    }
    return false;
  }

  #judgeSize(): void {
    let total = 0;
    for (const key of this.#services.ports.keys()) total += this.#endpoints.endpoints.get(key)?.length ?? 0;
    const withComments = total <= largeCluster;
    if (withComments !== this.#withComments) this.#needsFull = true;
    this.#withComments = withComments;
  }

  #judgeBase(): void {
    const base = this.#options.base();
    if (JSON.stringify(base) === JSON.stringify(this.#base)) return;
    this.#base = base;
    this.#needsFull = true;
  }

  /** The rules of service ports, in the order of their names; undefined: the port is gone. */
  #build(keys: ReadonlySet<PortKey>): Next {
    const { family } = this.#options;
    const options = { ...this.#options.build(), family, endpointComments: this.#withComments };
    const next = new Map<PortKey, Applied | undefined>();
    for (const key of [...keys].sort()) {
      const port = this.#services.ports.get(key);
      const endpoints = this.#endpoints.endpoints.get(key) ?? [];
      if (port) next.set(key, { port, rules: buildPort(port, endpoints, options) });
      else if (this.#applied.has(key)) next.set(key, undefined);
    }
    return next;
  }

  async #write(next: Next, full: boolean, signal: AbortSignal): Promise<RulesWritten> {
    try {
      return full ? await this.#writeAll(next, signal) : await this.#writeChanges(next, signal);
    } catch (error) {
      this.#needsFull = true;
      throw error;
    }
  }

  async #writeAll(next: Next, signal: AbortSignal): Promise<RulesWritten> {
    const { netfilter } = this.#options;
    const existing = readExisting(await netfilter.save(signal));
    const ports = [...next.values()].flatMap((entry) => (entry ? [entry.rules] : []));
    const written = { nat: 0, filter: 0 };
    for (const step of planFull(this.#base, ports, existing)) {
      this.#announce(step);
      try {
        await netfilter.restore(step.input, signal);
        written.nat += step.counts.natRules;
        written.filter += step.counts.filterRules;
      } catch (error) {
        if (!step.optional) throw error;
        this.#options.log.warning('Leftover chains could not be deleted', { err: messageOf(error) });
      }
    }
    return written;
  }

  async #writeChanges(next: Next, signal: AbortSignal): Promise<RulesWritten> {
    const changes = [...next].map(([key, after]) => ({
      before: this.#applied.get(key)?.rules,
      after: after?.rules,
    }));
    const step = planChange(changes);
    if (!step) return { nat: 0, filter: 0 };
    this.#announce(step);
    await this.#options.netfilter.restore(step.input, signal);
    return { nat: step.counts.natRules, filter: step.counts.filterRules };
  }

  #announce({ counts, input }: Step): void {
    const { log, family } = this.#options;
    log.info(2, 'Reloading service iptables data', {
      ipFamily: family,
      numServices: this.#services.ports.size,
      numFilterChains: counts.filterChains,
      numFilterRules: counts.filterRules,
      numNATChains: counts.natChains,
      numNATRules: counts.natRules,
    });
    if (log.enabled(9)) log.info(9, 'Restoring iptables', { ipFamily: family, rules: input });
  }

  #commit(next: Next): void {
    for (const [key, after] of next) {
      const known = this.#applied.get(key);
      this.#backendChanges.push(...backendChanges(known, after));
      if (after) this.#applied.set(key, after);
      else this.#applied.delete(key);
    }
  }

  async #forgetFlows(signal: AbortSignal): Promise<number> {
    const changes = this.#backendChanges;
    this.#backendChanges = [];
    let forgotten = 0;
    for (const pattern of staleFlows(changes)) forgotten += await this.#options.conntrack.forget(pattern, signal);
    return forgotten;
  }
}

/** A port that got other addresses is like one that went and one that came. */
const backendChanges = (known: Applied | undefined, after: Applied | undefined): BackendChange[] => {
  if ((after ?? known)?.port.protocol !== 'UDP') return [];
  const before = known?.rules.backends ?? [];
  const now = after?.rules.backends ?? [];
  if (known && after && JSON.stringify(known.port) !== JSON.stringify(after.port)) {
    return [
      { port: known.port, before, after: [] },
      { port: after.port, before: [], after: now },
    ];
  }
  const port = after?.port ?? known?.port;
  return port ? [{ port, before, after: now }] : [];
};
