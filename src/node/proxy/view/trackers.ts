// Collects the changes between two syncs. Only the first `before` and the last `after` of an object count, so changes
// that cancel out cause no work.
import type { Service } from '../../../api/core.ts';
import { type EndpointSlice, lastChangeAnnotation } from '../../../api/discovery.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { IpFamily, PortKey, ProxyEndpoint, ServicePort } from '../types.ts';
import { type Complain, recordOf, textOf } from './json.ts';
import { servicePortsOf } from './service-ports.ts';
import { type CheckedSlice, checkSlice, endpointsOf, identityOf, sameEndpoints } from './slice-endpoints.ts';

/** Tracks the service ports of one address family. */
export class ServiceTracker {
  /** Number of events received, including those without effect. */
  heard = 0;
  readonly ports = new Map<PortKey, ServicePort>();
  readonly #pending = new Map<string, { readonly before: readonly ServicePort[]; after: readonly ServicePort[] }>();
  readonly #family: IpFamily;
  readonly #log: Logger;

  constructor(family: IpFamily, log: Logger) {
    this.#family = family;
    this.#log = log;
  }

  update(before: Service | undefined, after: Service | undefined): void {
    const object = after ?? before;
    if (!object) return;
    this.heard += 1;
    const { namespace, name } = recordOf(object.metadata);
    const key = `${namespace}/${name}`;
    const known = this.#pending.get(key);
    const change = known ?? { before: before ? servicePortsOf(before, this.#family) : [], after: [] };
    change.after = after ? servicePortsOf(after, this.#family, complainTo(this.#log)) : [];
    if (this.#log.enabled(4) && change.after.length > 0) {
      this.#log.info(4, 'Service updated ports', { service: key, portCount: change.after.length });
    }
    if (samePorts(change.before, change.after)) this.#pending.delete(key);
    else this.#pending.set(key, change);
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Applies the pending changes to `ports`. @returns the keys of new, changed and removed ports */
  apply(): Set<PortKey> {
    const changed = new Set<PortKey>();
    for (const { before, after } of this.#pending.values()) {
      const kept = new Set(after.map(({ key }) => key));
      for (const { key, portName } of before) {
        if (kept.has(key)) continue;
        this.#log.info(4, 'Removing service port', { portName });
        this.ports.delete(key);
        changed.add(key);
      }
      for (const port of after) {
        const known = this.ports.get(port.key);
        if (known && JSON.stringify(known) === JSON.stringify(port)) continue;
        const servicePort = `${port.clusterIp}:${port.port}/${port.protocol}`;
        this.#log.info(4, known ? 'Updating existing service port' : 'Adding new service port', {
          portName: port.portName,
          servicePort,
        });
        this.ports.set(port.key, port);
        changed.add(port.key);
      }
    }
    this.#pending.clear();
    return changed;
  }
}

/** Tracks the endpoints of one address family. */
export class EndpointTracker {
  /** Number of events received for slices of the family. */
  heard = 0;
  readonly endpoints = new Map<PortKey, readonly ProxyEndpoint[]>();
  readonly #slices = new Map<string, Map<string, CheckedSlice>>();
  /** Service → its keys in `endpoints`. */
  readonly #keys = new Map<string, readonly PortKey[]>();
  readonly #pending = new Set<string>();
  /** Service → trigger times that no sync has taken yet. */
  readonly #triggers = new Map<string, number[]>();
  readonly #started = Date.now();
  readonly #family: IpFamily;
  readonly #nodeName: string;
  readonly #log: Logger;

  constructor(family: IpFamily, nodeName: string, log: Logger) {
    this.#family = family;
    this.#nodeName = nodeName;
    this.#log = log;
  }

  update(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    const [old, next] = [before, after].map((slice) => recordOf(slice).addressType);
    if (after && next !== 'IPv4' && next !== 'IPv6')
      this.#log.info(4, 'EndpointSlice address type not supported by kube-proxy', { addressType: next });
    if (old !== this.#family && next !== this.#family) return;
    this.heard += 1;
    // A slice may have been replaced by one of the same name and of another family.
    if (before && old === this.#family) this.#remove(before);
    if (after && next === this.#family) this.#add(after);
    this.#noteTrigger(before, after);
  }

  /**
   * Returns and forgets the times, in milliseconds of Unix time, at which the pending changes began; for example when a
   * pod became ready. Slices without a trigger time do not count. Neither do changes from before this program's start:
   * they say nothing about its speed.
   */
  takeTriggers(): number[] {
    const times = [...this.#triggers.values()].flat();
    this.#triggers.clear();
    return times;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Applies the pending changes to `endpoints`. @returns the keys whose endpoints changed */
  apply(): Set<PortKey> {
    const changed = new Set<PortKey>();
    for (const service of this.#pending) {
      const slices = this.#slices.get(service);
      const found = slices ? endpointsOf(slices.values()) : new Map<PortKey, ProxyEndpoint[]>();
      for (const key of this.#keys.get(service) ?? []) if (!found.has(key)) this.#set(key, [], changed);
      for (const [key, endpoints] of found) this.#set(key, endpoints, changed);
      if (found.size > 0) this.#keys.set(service, [...found.keys()]);
      else this.#keys.delete(service);
    }
    this.#pending.clear();
    return changed;
  }

  /** A deleted slice carries the time of its last change, not of its deletion, so it drops the service's times. */
  #noteTrigger(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    const service = after && identityOf(after)?.service;
    const time = after && triggerTime(after);
    if (!after && before) this.#triggers.delete(identityOf(before)?.service ?? '');
    if (service === undefined || time === undefined || time <= this.#started) return;
    if (before && triggerTime(before) === time) return;
    this.#triggers.set(service, [...(this.#triggers.get(service) ?? []), time]);
  }

  #set(key: PortKey, endpoints: readonly ProxyEndpoint[], changed: Set<PortKey>): void {
    const known = this.endpoints.get(key);
    if (known && sameEndpoints(known, endpoints)) return;
    if (endpoints.length > 0) this.endpoints.set(key, endpoints);
    else if (!this.endpoints.delete(key)) return;
    if (this.#log.enabled(4)) {
      const portName = key.slice(0, key.lastIndexOf('/'));
      const addresses = endpoints.map(({ address }) => address);
      this.#log.info(4, 'Setting endpoints for service port name', { portName, endpoints: addresses });
    }
    changed.add(key);
  }

  #add(slice: EndpointSlice): void {
    const complain = complainTo(this.#log);
    const checked = checkSlice(slice, { family: this.#family, nodeName: this.#nodeName, complain });
    if (!checked) return;
    const { service, name } = checked;
    const slices = this.#slices.get(service) ?? new Map<string, CheckedSlice>();
    this.#slices.set(service, slices);
    slices.set(name, checked);
    this.#pending.add(service);
  }

  #remove(slice: EndpointSlice): void {
    const { service, name = '' } = identityOf(slice) ?? {};
    if (service === undefined) return;
    const slices = this.#slices.get(service);
    slices?.delete(name);
    if (slices?.size === 0) this.#slices.delete(service);
    this.#pending.add(service);
  }
}

const complainTo =
  (log: Logger): Complain =>
  (message, fields) =>
    log.error(message, undefined, fields);

/** The annotation has RFC 3339 with fractions of a second. @returns milliseconds of Unix time */
const triggerTime = ({ metadata }: EndpointSlice): number | undefined => {
  const { annotations } = recordOf(metadata);
  const time = Date.parse(textOf(recordOf(annotations)[lastChangeAnnotation]) ?? '');
  return Number.isNaN(time) ? undefined : time;
};

const samePorts = (a: readonly ServicePort[], b: readonly ServicePort[]): boolean =>
  a.length === b.length && JSON.stringify(a) === JSON.stringify(b);
