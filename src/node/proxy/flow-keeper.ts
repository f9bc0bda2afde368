// After a sync: deletes stale UDP flows from conntrack. It reads the whole table, and so finds flows that became stale
// while kube-proxy was not running, too.
import type { Logger } from '../../kit/logger.ts';
import type { Conntrack, UdpFlows } from '../sys/conntrack.ts';
import type { IpFamily, PortKey, ServicePort, ServiceView } from './types.ts';
import { frontendsOf, isStale, type OwnAddresses } from './udp.ts';

export interface FlowKeeperOptions {
  readonly family: IpFamily;
  readonly conntrack: Conntrack;
  readonly log: Logger;
  readonly own: () => OwnAddresses;
}

/**
 * Deletions per sync. The tool searches the whole table for each deletion, and the next sync must not wait for all of
 * them.
 */
const mostAtOnce = 50;

export class FlowKeeper {
  readonly #options: FlowKeeperOptions;
  /** UDP ports as they were last written, to recognise flows of a port that was deleted. */
  readonly #known = new Map<PortKey, ServicePort>();
  readonly #gone = new Set<ServicePort>();
  #due = false;
  /** Whether stale flows were left for the next call. */
  #unfinished = false;

  constructor(options: FlowKeeperOptions) {
    this.#options = options;
  }

  /** Whether UDP ports changed since the last successful `forget`. */
  get due(): boolean {
    return this.#due;
  }

  get unfinished(): boolean {
    return this.#unfinished;
  }

  /** Call it after each write. @param keys service ports that were written */
  written({ ports }: ServiceView, keys: Iterable<PortKey>): void {
    for (const key of keys) {
      const before = this.#known.get(key);
      const now = ports.get(key);
      if (before === undefined && now?.protocol !== 'UDP') continue;
      this.#due = true;
      if (before !== undefined) this.#gone.add(before);
      if (now === undefined) this.#known.delete(key);
      else this.#known.set(key, now);
    }
  }

  /** @returns the number of deleted flows. Failures are logged, and the next call checks all services again. */
  async forget(view: ServiceView, signal: AbortSignal): Promise<number> {
    if (!this.#due) return 0;
    const { family, log, conntrack } = this.#options;
    const started = performance.now();
    log.info(4, 'Started to reconcile conntrack entries', { ipFamily: family });
    const stale = await this.#find(view, signal);
    if (!stale) {
      // If conntrack never works here, this set would grow without limit.
      this.#gone.clear();
      return 0;
    }
    let forgotten = 0;
    for (const flows of stale.slice(0, mostAtOnce)) forgotten += await conntrack.forget(flows, signal);
    this.#unfinished = stale.length > mostAtOnce;
    this.#due = this.#unfinished;
    if (!this.#due) this.#gone.clear();
    const took = `${(performance.now() - started).toFixed(6)}ms`;
    log.info(4, 'Finished reconciling conntrack entries', { ipFamily: family, entriesDeleted: forgotten, took });
    return forgotten;
  }

  async #find(view: ServiceView, signal: AbortSignal): Promise<UdpFlows[] | undefined> {
    const frontends = frontendsOf(view, this.#gone);
    const own = this.#options.own();
    const stale = new Map<string, UdpFlows>();
    const visit = (flows: UdpFlows): void => {
      if (isStale(flows, frontends, own)) stale.set(Object.values(flows).join(' '), flows);
    };
    return (await this.#options.conntrack.eachUdpFlow(visit, signal)) ? [...stale.values()] : undefined;
  }
}
