// One address family's proxier in its loop: when to sync, when to look for damage, whom to tell.
import type { Service } from '../../api/core.ts';
import type { EndpointSlice } from '../../api/discovery.ts';
import type { ProxyMode } from '../../api/proxy-modes.ts';
import type { Logger } from '../../kit/logger.ts';
import { type Reconciler, startReconciler } from '../../kit/reconcile.ts';
import { createConntrack } from '../sys/conntrack.ts';
import { type Backend, packetFilterOf } from './backend.ts';
import { type Bucket, createBucket } from './bucket.ts';
import type { ProxyConfig } from './config/config.ts';
import { FlowKeeper } from './flow-keeper.ts';
import { nextLookMs } from './look-pace.ts';
import { Proxier, type SyncReport } from './proxier.ts';
import type { IpFamily, NodeView, ServiceView } from './types.ts';
import type { OwnAddresses } from './udp.ts';
import { machineAddresses, nodePortAddresses } from './view/machine-addresses.ts';

/** Everything is written anew at least this often, as in the original. */
const fullSyncPeriodMs = 3_600_000;

/** With a `minSyncPeriod`: as the original, two at once (a service and its first slice) and then one per period. */
const burst = 2;
/** With nothing said: eight at once, then syncing may take a fifth of the time, and no change waits more than a second for its turn. */
const freeBurst = 8;
const idleShare = 4;
const longestGapMs = 1000;

export interface FamilyRunnerOptions {
  readonly family: IpFamily;
  readonly mode: ProxyMode;
  readonly config: ProxyConfig;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly backend: Backend;
  readonly node: () => NodeView;
  readonly onQueued: () => void;
  readonly onWritten: (view: ServiceView) => void;
  readonly onSynced: (report: SyncReport) => void;
}

export class FamilyRunner {
  readonly proxier: Proxier;
  readonly #options: FamilyRunnerOptions;
  readonly #loop: Reconciler;
  readonly #bucket: Bucket;
  readonly #firstSync = Promise.withResolvers<void>();
  #started = false;
  #lastSyncMs = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  /** Whether the family had services when the next look was planned. */
  #used: boolean | undefined;
  #lookDue = false;
  #lookMs = 0;
  #repairs = 0;

  constructor(options: FamilyRunnerOptions) {
    const { family, config, log, signal, backend, node, onWritten } = options;
    this.#options = options;
    const conntrack = createConntrack(family, log);
    const flows = new FlowKeeper({ family, log, conntrack, own: () => ownAddresses(config, family, node()) });
    this.proxier = new Proxier({ family, nodeName: config.nodeName, backend, node, log, flows, onWritten });
    const { minSyncPeriodMs } = config;
    this.#bucket = createBucket(
      minSyncPeriodMs === undefined ? freeBurst : burst,
      () => minSyncPeriodMs ?? this.#gapMs(),
    );
    const filter = packetFilterOf(options.mode);
    this.#loop = startReconciler({
      sync: (loopSignal) => this.#sync(loopSignal),
      onError: (error, retryInMs) =>
        log.error(`Failed to sync ${filter} rules`, error, { ipFamily: family, retryInMs }),
      signal,
    });
  }

  get stopped(): Promise<void> {
    return this.#loop.stopped;
  }

  /** Resolves once the kernel is up to date for the first time. */
  get synced(): Promise<void> {
    return this.#firstSync.promise;
  }

  /** Services and endpoints are known: from now on there is something to write. */
  start(): void {
    const { signal } = this.#options;
    this.#started = true;
    this.#trigger();
    const full = setInterval(() => this.#resync(), fullSyncPeriodMs);
    const stop = (): void => {
      clearTimeout(this.#lookTimer);
      clearInterval(full);
    };
    signal.addEventListener('abort', stop, { once: true });
  }

  onService(before: Service | undefined, after: Service | undefined): void {
    this.proxier.onService(before, after);
    this.#trigger();
  }

  onSlice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    this.proxier.onSlice(before, after);
    this.#trigger();
  }

  onNode(): void {
    this.proxier.onNode();
    this.#trigger();
  }

  #trigger(): void {
    if (!this.#started || !this.proxier.pending.any) return;
    this.#options.onQueued();
    this.#loop.trigger();
  }

  #resync(): void {
    this.proxier.forceFull();
    this.#trigger();
  }

  async #sync(signal: AbortSignal): Promise<void> {
    if (this.#lookDue) await this.#look(signal);
    if (!this.proxier.pending.any) return;
    await this.#bucket.take(signal);
    const report = await this.proxier.sync(signal);
    this.#lastSyncMs = report.elapsedMs;
    this.#options.onSynced(report);
    const elapsed = `${report.elapsedMs.toFixed(6)}ms`;
    this.#options.log.info(2, 'SyncProxyRules complete', { ipFamily: this.#options.family, elapsed });
    if (this.#used === undefined || (!this.#used && this.#hasServices)) this.#scheduleLook();
    this.#trigger();
    this.#firstSync.resolve();
  }

  get #hasServices(): boolean {
    return this.proxier.view.ports.size > 0;
  }

  #scheduleLook(): void {
    const used = this.#hasServices;
    const look = { tookMs: this.#lookMs, repairs: this.#repairs, used };
    const delayMs = nextLookMs(look, this.#options.config.syncPeriodMs);
    this.#used = used;
    clearTimeout(this.#lookTimer);
    this.#lookTimer = setTimeout(() => {
      this.#lookDue = true;
      this.#loop.trigger();
    }, delayMs);
  }

  /** Part of the loop: while a sync is at work, or after one that failed, a look would see something half done. */
  async #look(signal: AbortSignal): Promise<void> {
    this.#lookDue = false;
    const started = performance.now();
    if (!this.proxier.needsFull && (await this.#damaged(signal))) {
      const { log, family, mode } = this.#options;
      log.info(0, `Reloading after ${packetFilterOf(mode)} flush`, { ipFamily: family });
      this.#repairs += 1;
      this.#resync();
    } else this.#repairs = 0;
    this.#lookMs = performance.now() - started;
    if (!signal.aborted) this.#scheduleLook();
  }

  async #damaged(signal: AbortSignal): Promise<boolean> {
    const { log, family, mode } = this.#options;
    try {
      return await this.proxier.backend.damaged(signal);
    } catch (error) {
      if (!signal.aborted) log.error(`Could not check for ${packetFilterOf(mode)} canary`, error, { ipFamily: family });
      return false;
    }
  }

  #gapMs(): number {
    return Math.min(longestGapMs, this.#lastSyncMs * idleShare);
  }
}

const ownAddresses = (config: ProxyConfig, family: IpFamily, node: NodeView): OwnAddresses => {
  const machine = machineAddresses(family);
  const nodePorts = nodePortAddresses(config.nodePortAddresses, family, node);
  return {
    nodePorts: new Set(nodePorts === 'all' ? machine : nodePorts),
    relays: new Set(config.mode === 'userspace' ? machine : []),
  };
};
