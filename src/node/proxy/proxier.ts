// One address family of kube-proxy, in any mode: events of informers → trackers → one update → the mode's backend →
// conntrack.
import type { Service } from '../../api/core.ts';
import type { EndpointSlice } from '../../api/discovery.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Backend, RuleCounts, Update } from './backend.ts';
import type { FlowKeeper } from './flow-keeper.ts';
import { Quarantine } from './quarantine.ts';
import type { IpFamily, NodeView, PortKey, ServiceView } from './types.ts';
import { categorize, localGaps, type TrafficPolicy } from './view/categorize.ts';
import { logIgnoredHints } from './view/log-hints.ts';
import { EndpointTracker, ServiceTracker } from './view/trackers.ts';

export interface ProxierOptions {
  readonly family: IpFamily;
  readonly nodeName: string;
  readonly backend: Backend;
  readonly flows: FlowKeeper;
  readonly log: Logger;
  readonly node: () => NodeView;
  /** Called when the rules are written, before stale flows are deleted. */
  readonly onWritten?: (view: ServiceView) => void;
}

/** What a sync did, for logs, health and metrics. */
export interface SyncReport {
  readonly full: boolean;
  readonly elapsedMs: number;
  /** Rules of iptables sent to the kernel by this sync. */
  readonly rulesWritten: RuleCounts;
  /** For each change of endpoints: time from its cause (for example, a pod became ready) until the kernel had it. */
  readonly programmingMs: readonly number[];
  readonly flowsForgotten: number;
  /** Time spent on stale flows; undefined: no UDP port had changed. */
  readonly conntrackMs: number | undefined;
}

export interface Changes {
  readonly services: number;
  readonly endpoints: number;
}

export class Proxier {
  readonly backend: Backend;
  readonly #options: ProxierOptions;
  readonly #quarantine: Quarantine;
  readonly #services: ServiceTracker;
  readonly #endpoints: EndpointTracker;
  /** Service ports without an endpoint on this node, and the policies Local for which they would need one. */
  readonly #gaps = new Map<PortKey, readonly TrafficPolicy[]>();
  /** Changed service ports that are not in the kernel yet. */
  readonly #unwritten = new Set<PortKey>();
  /** Start of each change that is not in the kernel yet, in milliseconds of Unix time. */
  #triggers: number[] = [];
  #needsFull = true;
  #nodeChanged = false;

  constructor(options: ProxierOptions) {
    this.#options = options;
    this.backend = options.backend;
    this.#quarantine = new Quarantine(options);
    this.#services = new ServiceTracker(options.family, options.log);
    this.#endpoints = new EndpointTracker(options.family, options.nodeName, options.log);
  }

  onService(before: Service | undefined, after: Service | undefined): void {
    this.#services.update(before, after);
  }

  onSlice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    this.#endpoints.update(before, after);
  }

  /** The node changed. The next sync computes all rules again, and writes those that differ. */
  onNode(): void {
    this.#nodeChanged = true;
  }

  /** Makes the next sync a full one. */
  forceFull(): void {
    this.#needsFull = true;
  }

  /** Whether a service port that the kernel refused is to be tried again. A full sync does it. */
  get retryDue(): boolean {
    return this.#quarantine.retryDue;
  }

  get needsFull(): boolean {
    return this.#needsFull;
  }

  get family(): IpFamily {
    return this.#options.family;
  }

  get view(): ServiceView {
    return { ports: this.#services.ports, endpoints: this.#endpoints.endpoints };
  }

  /** Number of events since the start. */
  get heard(): Changes {
    return { services: this.#services.heard, endpoints: this.#endpoints.heard };
  }

  get pending(): Changes & { readonly any: boolean } {
    const services = this.#services.pending;
    const endpoints = this.#endpoints.pending;
    const unfinished = this.#needsFull || this.#nodeChanged || this.#options.flows.unfinished;
    return { any: unfinished || services + endpoints > 0, services, endpoints };
  }

  /** Number of service ports with policy Local that have endpoints, but none on this node. For metrics. */
  countGaps(): Readonly<Record<TrafficPolicy, number>> {
    const gaps = { internal: 0, external: 0 };
    for (const policies of this.#gaps.values()) for (const policy of policies) gaps[policy] += 1;
    return gaps;
  }

  /**
   * Writes all changes to the kernel. After a failure the next sync is full, because what is in the kernel is then
   * unknown.
   */
  async sync(signal: AbortSignal): Promise<SyncReport> {
    const started = performance.now();
    const update = this.#takeUpdate();
    const { full, rules } = await this.#write(update, signal);
    this.#commit(update);
    this.#options.onWritten?.(update.view);
    const written = performance.now();
    const programmingMs = this.#triggers.map((time) => Date.now() - time);
    this.#triggers = [];
    const lookedForFlows = this.#options.flows.due;
    const flowsForgotten = await this.#options.flows.forget(update.view, signal);
    const elapsedMs = performance.now() - started;
    return {
      full,
      elapsedMs,
      rulesWritten: rules,
      programmingMs,
      flowsForgotten,
      conntrackMs: lookedForFlows ? performance.now() - written : undefined,
    };
  }

  /** Resets the flags before the write, because events that arrive during the write are for the next sync. */
  #takeUpdate(): Update {
    for (const key of [...this.#services.apply(), ...this.#endpoints.apply()]) this.#unwritten.add(key);
    this.#triggers = this.#triggers.concat(this.#endpoints.takeTriggers());
    const { view } = this;
    const update = { view, changed: new Set(this.#unwritten), full: this.#needsFull, nodeChanged: this.#nodeChanged };
    this.#needsFull = false;
    this.#nodeChanged = false;
    return update;
  }

  async #write(update: Update, signal: AbortSignal): ReturnType<Backend['write']> {
    try {
      return await this.#quarantine.write(update, signal);
    } catch (error) {
      this.#needsFull = true;
      if (update.nodeChanged) this.#nodeChanged = true;
      throw error;
    }
  }

  #commit({ view, changed, full, nodeChanged }: Update): void {
    this.#unwritten.clear();
    const keys = full || nodeChanged ? new Set([...view.ports.keys(), ...changed]) : changed;
    const node = this.#options.node();
    for (const key of keys) {
      const port = view.ports.get(key);
      if (port) logIgnoredHints(port, view.endpoints.get(key) ?? [], node, this.#options.log);
      const gaps = gapsOf(view, key, node);
      if (gaps.length > 0) this.#gaps.set(key, gaps);
      else this.#gaps.delete(key);
    }
    this.#options.flows.written(view, keys);
  }
}

const gapsOf = ({ ports, endpoints }: ServiceView, key: PortKey, node: NodeView): readonly TrafficPolicy[] => {
  const port = ports.get(key);
  if (!port?.internalPolicyLocal && !port?.externalPolicyLocal) return [];
  return localGaps(port, categorize(port, endpoints.get(key) ?? [], node));
};
