// One address family of kube-proxy, whatever the mode: informers' events → trackers → one update → the mode's backend → conntrack.
import type { Service } from '../../api/core.ts';
import type { EndpointSlice } from '../../api/discovery.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Conntrack } from '../sys/conntrack.ts';
import type { Backend, RuleCounts, Update } from './backend.ts';
import { categorize, localGaps, type TrafficPolicy } from './categorize.ts';
import { EndpointTracker, ServiceTracker } from './trackers.ts';
import type { IpFamily, NodeView, PortKey, ServicePort, ServiceView } from './types.ts';
import { type BackendChange, staleFlows } from './udp.ts';

export interface ProxierOptions {
  readonly family: IpFamily;
  readonly nodeName: string;
  readonly backend: Backend;
  readonly conntrack: Conntrack;
  readonly log: Logger;
  readonly node: () => NodeView;
}

/** What a sync did, for logs, health and metrics. */
export interface SyncReport {
  readonly full: boolean;
  readonly elapsedMs: number;
  readonly serviceChanges: number;
  readonly endpointChanges: number;
  /** Rules of iptables sent to the kernel by this sync. */
  readonly rulesWritten: RuleCounts;
  readonly flowsForgotten: number;
  /** Undefined: there was nothing to look for. */
  readonly conntrackMs: number | undefined;
}

/** What is said about a service port after it was written, as far as the next sync or a metric asks for it. */
interface Applied {
  readonly port: ServicePort;
  /** Addresses that it leads to; only of UDP, whose flows may have to be forgotten. */
  readonly backends: readonly string[];
  readonly gaps: readonly TrafficPolicy[];
}

export class Proxier {
  readonly backend: Backend;
  readonly #options: ProxierOptions;
  readonly #services: ServiceTracker;
  readonly #endpoints: EndpointTracker;
  /** Only ports of which something is to be remembered. */
  readonly #applied = new Map<PortKey, Applied>();
  /** Changed ports of syncs that failed. */
  readonly #unwritten = new Set<PortKey>();
  #needsFull = true;
  #nodeChanged = false;
  /** Outlives a failed sync: its flows must be forgotten by the one that succeeds. */
  #backendChanges: BackendChange[] = [];

  constructor(options: ProxierOptions) {
    this.#options = options;
    this.backend = options.backend;
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
    this.#nodeChanged = true;
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

  get pending(): { readonly any: boolean; readonly services: number; readonly endpoints: number } {
    const services = this.#services.pending;
    const endpoints = this.#endpoints.pending;
    return { any: this.#needsFull || this.#nodeChanged || services + endpoints > 0, services, endpoints };
  }

  /** Service ports whose policy is Local and that have no endpoint on this node though elsewhere (metrics). */
  countGaps(): Readonly<Record<TrafficPolicy, number>> {
    const gaps = { internal: 0, external: 0 };
    for (const applied of this.#applied.values()) for (const policy of applied.gaps) gaps[policy] += 1;
    return gaps;
  }

  /** Brings the kernel up to date. After a failure the next one is a full sync, as nobody knows what is there. */
  async sync(signal: AbortSignal): Promise<SyncReport> {
    const started = performance.now();
    const pending = this.pending;
    const update = this.#takeUpdate();
    const { full, rules } = await this.#write(update, signal);
    this.#commit(update);
    const written = performance.now();
    const hadFlows = this.#backendChanges.length > 0;
    const flowsForgotten = await this.#forgetFlows(signal);
    const elapsedMs = performance.now() - started;
    return {
      full,
      elapsedMs,
      serviceChanges: pending.services,
      endpointChanges: pending.endpoints,
      rulesWritten: rules,
      flowsForgotten,
      conntrackMs: hadFlows ? performance.now() - written : undefined,
    };
  }

  /** Taken now, not at the end: what is asked for while the sync runs is for the next. */
  #takeUpdate(): Update {
    for (const key of [...this.#services.apply(), ...this.#endpoints.apply()]) this.#unwritten.add(key);
    const { view } = this;
    const update = { view, changed: new Set(this.#unwritten), full: this.#needsFull, nodeChanged: this.#nodeChanged };
    this.#needsFull = false;
    this.#nodeChanged = false;
    return update;
  }

  async #write(update: Update, signal: AbortSignal): ReturnType<Backend['write']> {
    try {
      return await this.backend.write(update, signal);
    } catch (error) {
      this.#needsFull = true;
      if (update.nodeChanged) this.#nodeChanged = true;
      throw error;
    }
  }

  #commit({ view, changed, full, nodeChanged }: Update): void {
    this.#unwritten.clear();
    const keys = full || nodeChanged ? new Set([...view.ports.keys(), ...this.#applied.keys(), ...changed]) : changed;
    const node = this.#options.node();
    for (const key of keys) {
      const known = this.#applied.get(key);
      const after = appliedOf(view, key, node);
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

const appliedOf = ({ ports, endpoints }: ServiceView, key: PortKey, node: NodeView): Applied | undefined => {
  const port = ports.get(key);
  if (!port) return undefined;
  const isUdp = port.protocol === 'UDP';
  if (!isUdp && !port.internalPolicyLocal && !port.externalPolicyLocal) return undefined;
  const categories = categorize(port, endpoints.get(key) ?? [], node);
  const backends = isUdp ? categories.reachable.map(({ ip }) => ip) : [];
  return { port, backends, gaps: localGaps(port, categories) };
};

/** A port that got other addresses is like one that went and one that came. */
const backendChanges = (known: Applied | undefined, after: Applied | undefined): BackendChange[] => {
  if ((after ?? known)?.port.protocol !== 'UDP') return [];
  const before = known?.backends ?? [];
  const now = after?.backends ?? [];
  if (known && after && JSON.stringify(known.port) !== JSON.stringify(after.port)) {
    return [
      { port: known.port, before, after: [] },
      { port: after.port, before: [], after: now },
    ];
  }
  const port = after?.port ?? known?.port;
  return port ? [{ port, before, after: now }] : [];
};
