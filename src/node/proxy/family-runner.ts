// Runs the proxier of one address family in a loop: when to sync, when to check for damage, and whom to notify.
import type { Service } from '../../api/core.ts';
import type { EndpointSlice } from '../../api/discovery.ts';
import type { ProxyMode } from '../../api/proxy-modes.ts';
import type { Logger } from '../../kit/logger.ts';
import { type Reconciler, startReconciler } from '../../kit/reconcile.ts';
import { createConntrack } from '../sys/conntrack.ts';
import { type Backend, packetFilterOf } from './backend.ts';
import { type Bucket, createBucket } from './bucket.ts';
import type { ProxyConfig } from './config/config.ts';
import { nextCheckMs } from './damage-pace.ts';
import { FlowKeeper } from './flow-keeper.ts';
import { Proxier, type SyncReport } from './proxier.ts';
import type { IpFamily, NodeView, ServiceView } from './types.ts';
import type { OwnAddresses } from './udp.ts';
import { machineAddresses, nodePortAddresses } from './view/machine-addresses.ts';

/** Time between full syncs, as in the original. */
const fullSyncPeriodMs = 3_600_000;

/**
 * With a `minSyncPeriod`, as in the original: two syncs without delay (a service and its first slice), then one per
 * period.
 */
const burst = 2;
/**
 * Without a `minSyncPeriod`: eight syncs without delay, then a pause of four times the last sync's duration, one second
 * at most.
 */
const adaptiveBurst = 8;
const pausePerSync = 4;
const longestPauseMs = 1000;

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
  #checkTimer: NodeJS.Timeout | undefined;
  /** Whether the family had services when the next check was scheduled; undefined: none was. */
  #used: boolean | undefined;
  #checkDue = false;
  #checkMs = 0;
  /** How long the last check of long chains took, and when the next one is due. */
  #insideMs = 0;
  #insideDue = 0;
  #repairs = 0;

  constructor(options: FamilyRunnerOptions) {
    const { family, config, log, signal, backend, node, onWritten } = options;
    this.#options = options;
    const conntrack = createConntrack(family, log);
    const flows = new FlowKeeper({ family, log, conntrack, own: () => ownAddresses(config, family, node()) });
    this.proxier = new Proxier({ family, nodeName: config.nodeName, backend, node, log, flows, onWritten });
    const { minSyncPeriodMs } = config;
    this.#bucket = createBucket(
      minSyncPeriodMs === undefined ? adaptiveBurst : burst,
      () => minSyncPeriodMs ?? this.#pauseMs(),
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

  /** Resolves after the first sync. */
  get synced(): Promise<void> {
    return this.#firstSync.promise;
  }

  /** Starts to sync. Call it when all services and endpoints are known. */
  start(): void {
    const { signal } = this.#options;
    this.#started = true;
    this.#trigger();
    const full = setInterval(() => this.#resync(), fullSyncPeriodMs);
    const stop = (): void => {
      clearTimeout(this.#checkTimer);
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
    if (this.#checkDue) await this.#check(signal);
    if (!this.proxier.pending.any) return;
    await this.#bucket.take(signal);
    const report = await this.proxier.sync(signal);
    this.#lastSyncMs = report.elapsedMs;
    this.#options.onSynced(report);
    const elapsed = `${report.elapsedMs.toFixed(6)}ms`;
    this.#options.log.info(2, 'SyncProxyRules complete', { ipFamily: this.#options.family, elapsed });
    if (this.#used === undefined || (!this.#used && this.#hasServices)) this.#scheduleCheck();
    this.#trigger();
    this.#firstSync.resolve();
  }

  get #hasServices(): boolean {
    return this.proxier.view.ports.size > 0;
  }

  #scheduleCheck(): void {
    const used = this.#hasServices;
    const check = { tookMs: this.#checkMs, repairs: this.#repairs, used };
    const delayMs = nextCheckMs(check, this.#options.config.syncPeriodMs);
    this.#used = used;
    clearTimeout(this.#checkTimer);
    this.#checkTimer = setTimeout(() => {
      this.#checkDue = true;
      this.#loop.trigger();
    }, delayMs);
  }

  /**
   * Checks for damage. Runs in the loop, because a check during a sync or after a failed one would find half-written
   * rules.
   */
  async #check(signal: AbortSignal): Promise<void> {
    this.#checkDue = false;
    const started = performance.now();
    this.#insideMs = 0;
    if (this.proxier.retryDue) this.#resync();
    else if (!this.proxier.needsFull && (await this.#damaged(signal))) {
      const { log, family, mode } = this.#options;
      log.info(0, `Reloading after ${packetFilterOf(mode)} flush`, { ipFamily: family });
      this.#repairs += 1;
      this.#resync();
    } else this.#repairs = 0;
    this.#checkMs = performance.now() - started - this.#insideMs;
    if (!signal.aborted) this.#scheduleCheck();
  }

  async #damaged(signal: AbortSignal): Promise<boolean> {
    const { log, family, mode } = this.#options;
    try {
      return (await this.proxier.backend.damaged(signal)) || (await this.#damagedInside(signal));
    } catch (error) {
      if (!signal.aborted)
        log.error(`Could not check ${packetFilterOf(mode)} rules for damage`, error, { ipFamily: family });
      return false;
    }
  }

  async #damagedInside(signal: AbortSignal): Promise<boolean> {
    const started = performance.now();
    const { backend } = this.proxier;
    if (!backend.damagedInside || started < this.#insideDue) return false;
    const damaged = await backend.damagedInside(signal);
    this.#insideMs = performance.now() - started;
    const check = { tookMs: this.#insideMs, repairs: this.#repairs, used: this.#hasServices };
    this.#insideDue = started + nextCheckMs(check, this.#options.config.syncPeriodMs);
    return damaged;
  }

  #pauseMs(): number {
    return Math.min(longestPauseMs, this.#lastSyncMs * pausePerSync);
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
