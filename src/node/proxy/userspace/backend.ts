// userspace mode for one address family: an update → sockets → rules → kernel. Sockets are opened before rules lead to
// them and closed after the rules are gone, so a redirected client always finds a listening socket.
import type { Logger } from '../../../kit/logger.ts';
import type { Netfilter } from '../../sys/netfilter.ts';
import type { Backend, RuleCounts, Update, Written } from '../backend.ts';
import type { NodeView, PortKey, ServicePort, ServiceView } from '../types.ts';
import { categorize } from '../view/categorize.ts';
import { readExisting } from '../xtables/existing.ts';
import type { PlacedRule } from '../xtables/rule.ts';
import { buildJumps, type EdgeJump } from './build-base.ts';
import { buildPortals } from './build-portals.ts';
import { type Destination, destinationsOf } from './destinations.ts';
import { logOpened } from './log-portals.ts';
import type { Place } from './place.ts';
import { isDamaged, planChange, planFull } from './plan.ts';
import { type Failure, Portal, type PortalEnvironment } from './portal.ts';

export interface UserspaceOptions extends PortalEnvironment {
  readonly netfilter: Netfilter;
  readonly log: Logger;
  readonly node: () => NodeView;
  /** Asked at each sync, because the machine's addresses may have changed. */
  readonly place: () => Place;
}

interface Proxied {
  readonly portal: Portal;
  /** In the kernel. */
  rules: readonly PlacedRule[];
  /** Ids of the destinations for which there are rules. */
  destinations: ReadonlySet<string>;
  /** Sockets that couldn't be opened. The next sync tries again. */
  failures: readonly Failure[];
}

/** What a service port is to have after a sync. */
interface Step {
  readonly key: PortKey;
  /** Undefined: it is gone. */
  readonly service: ServicePort | undefined;
  readonly proxied: Proxied;
  readonly destinations: readonly Destination[];
  readonly rules: readonly PlacedRule[];
}

export class UserspaceBackend implements Backend {
  readonly #options: UserspaceOptions;
  readonly #proxied = new Map<PortKey, Proxied>();
  readonly #unsupported = new Set<PortKey>();
  #jumps: readonly EdgeJump[] = [];

  constructor(options: UserspaceOptions) {
    this.#options = options;
  }

  async write(update: Update, signal: AbortSignal): Promise<Written> {
    const place = this.#options.place();
    const jumps = buildJumps(place);
    const full = update.full || JSON.stringify(jumps) !== JSON.stringify(this.#jumps);
    this.#jumps = jumps;
    const { view, changed, nodeChanged } = update;
    const keys =
      full || nodeChanged ? [...view.ports.keys(), ...this.#proxied.keys()] : [...changed, ...this.#failed()];
    const steps = await this.#prepare(keys, view, place);
    await this.#restore(steps, full, signal);
    const freed = this.#commit(steps, place);
    if (freed) await this.#retry(view, place, signal);
    for (const { portal, failures } of this.#proxied.values()) portal.logFailures(failures);
    return { full, rules: full ? this.countRules() : countOf(steps.flatMap(({ rules }) => rules)) };
  }

  /** Looks for every rule, as the original did, and for sockets that could not be opened: a full sync tries again. */
  async damaged(signal: AbortSignal): Promise<boolean> {
    if (this.#failed().length > 0) return true;
    return isDamaged(this.#jumps, this.#rules(), await this.#options.netfilter.save(signal));
  }

  countRules(): RuleCounts {
    return countOf(this.#rules());
  }

  close(): void {
    for (const { portal } of this.#proxied.values()) portal.close();
  }

  /** Tries once more after sockets were closed: one service may want a port that another service had until now. */
  async #retry(view: ServiceView, place: Place, signal: AbortSignal): Promise<void> {
    const steps = await this.#prepare(this.#failed(), view, place);
    await this.#restore(steps, false, signal);
    this.#commit(steps, place);
  }

  /** Opens sockets and computes rules. */
  async #prepare(keys: Iterable<PortKey>, view: ServiceView, place: Place): Promise<Step[]> {
    const steps: Step[] = [];
    for (const key of new Set(keys)) {
      const service = this.#supported(view.ports.get(key));
      const known = this.#proxied.get(key);
      if (service) steps.push(await this.#prepareOne(service, view, place));
      else if (known) steps.push({ key, service, proxied: known, destinations: [], rules: [] });
    }
    return steps;
  }

  async #prepareOne(service: ServicePort, { endpoints }: ServiceView, place: Place): Promise<Step> {
    const { key } = service;
    const proxied = this.#proxied.get(key) ?? this.#create(service);
    const { portal } = proxied;
    portal.direct(service, categorize(service, endpoints.get(key) ?? [], this.#options.node()));
    const { relays, taken, failures } = await portal.open(service, place);
    proxied.failures = failures;
    const destinations = destinationsOf(service).filter(({ id }) => !taken.has(id));
    return { key, service, proxied, destinations, rules: buildPortals(service, destinations, { place, relays }) };
  }

  #create(service: ServicePort): Proxied {
    const portal = new Portal(service, this.#options);
    const proxied: Proxied = { portal, rules: [], destinations: new Set(), failures: [] };
    this.#proxied.set(service.key, proxied);
    return proxied;
  }

  #supported(service: ServicePort | undefined): ServicePort | undefined {
    if (service?.protocol !== 'SCTP') return service;
    if (!this.#unsupported.has(service.key)) {
      this.#unsupported.add(service.key);
      this.#options.log.warning('SCTP is not supported in userspace mode', { servicePortName: service.portName });
    }
    return undefined;
  }

  async #restore(steps: readonly Step[], full: boolean, signal: AbortSignal): Promise<void> {
    const { netfilter } = this.#options;
    const wanted = steps.flatMap(({ rules }) => rules);
    const input = full
      ? planFull(this.#jumps, wanted, readExisting(await netfilter.save(signal)))
      : planChange(steps.map(({ proxied, rules }) => ({ before: proxied.rules, after: rules })));
    if (input !== '') await netfilter.restore(input, signal);
  }

  /** @returns whether a socket was closed */
  #commit(steps: readonly Step[], place: Place): boolean {
    const { log } = this.#options;
    let freed = false;
    for (const { key, service, proxied, destinations, rules } of steps) {
      if (service)
        logOpened(
          log,
          service,
          destinations.filter(({ id }) => !proxied.destinations.has(id)),
        );
      else log.info(3, 'Closed iptables portals for service', { servicePortName: key });
      proxied.rules = rules;
      proxied.destinations = new Set(destinations.map(({ id }) => id));
      if (proxied.portal.trim(service, place)) freed = true;
      if (!service) this.#proxied.delete(key);
    }
    return freed;
  }

  #failed(): PortKey[] {
    return [...this.#proxied].flatMap(([key, { failures }]) => (failures.length > 0 ? [key] : []));
  }

  #rules(): PlacedRule[] {
    return [...this.#proxied.values()].flatMap(({ rules }) => rules);
  }
}

const countOf = (rules: readonly PlacedRule[]): RuleCounts => {
  const nat = rules.filter(({ table }) => table === 'nat').length;
  return { nat, filter: rules.length - nat };
};
