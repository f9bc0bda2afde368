// After a sync: which UDP flows in conntrack are stale, and forgets them. Looks at the whole table, so it also finds what went stale
// while kube-proxy was not running.
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

/** The tool goes through the whole table for each deletion: more than so many wait for the next sync, so that rules don't wait. */
const mostAtOnce = 50;

export class FlowKeeper {
  readonly #options: FlowKeeperOptions;
  /** UDP ports as they were last written: flows to one that goes are still known by it. */
  readonly #known = new Map<PortKey, ServicePort>();
  readonly #gone = new Set<ServicePort>();
  #due = false;
  /** Some were left for next time. */
  #unfinished = false;

  constructor(options: FlowKeeperOptions) {
    this.#options = options;
  }

  /** Whether `forget` has anything to look for. */
  get due(): boolean {
    return this.#due;
  }

  get unfinished(): boolean {
    return this.#unfinished;
  }

  /** @param keys service ports that were written */
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

  /** @returns how many flows were forgotten. What fails is logged; the next call looks at all services again. */
  async forget(view: ServiceView, signal: AbortSignal): Promise<number> {
    if (!this.#due) return 0;
    const { family, log, conntrack } = this.#options;
    const started = performance.now();
    log.info(4, 'Started to reconcile conntrack entries', { ipFamily: family });
    const stale = await this.#find(view, signal);
    if (!stale) {
      // To remember them until it works again could take memory without end.
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
