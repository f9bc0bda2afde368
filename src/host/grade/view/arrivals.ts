// Says where a request to an address must arrive: at the endpoints of a service, at a pod, or at a machine.
import { isIPv4 } from 'node:net';

import type { Service, ServicePort } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import { type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import { isOutside } from '../access.ts';
import { type Endpoint, spotOf } from '../facts.ts';
import type { FactReader } from './fact-reader.ts';
import type { Machines } from './machines.ts';
import type { Objects } from './objects.ts';
import type { Place, Places } from './places.ts';
import { reachedPort } from './service-port.ts';

/** More captures than these would take too long to begin. */
const mostEndpoints = 32;

/** Where a request may arrive. */
export interface Candidate extends Endpoint {
  /** Whether the service sends requests there now. */
  readonly isReady: boolean;
}

interface Options {
  readonly facts: FactReader;
  readonly machines: Machines;
  readonly objects: Objects;
  readonly places: Places;
}

export class Arrivals {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * @param from the machine that asks, for services that use endpoints on the same node only
   * @returns undefined when labs cannot tell. An empty list means that nothing of the cluster should answer
   */
  of(address: string, port: number, from?: string): readonly Candidate[] | undefined {
    const { machines, objects } = this.#options;
    const services = objects.list<Service>('service');
    const machine = machines.atAddress(address);
    const reached = reachedPort(services, { address, port, protocol: 'tcp', isNode: machine !== undefined });
    if (reached !== undefined) {
      const { service, by } = reached;
      const found = this.#few(this.#endpointsOf(service, reached.port));
      const only = machine ?? (by === 'inside' && service.spec.internalTrafficPolicy === 'Local' ? from : undefined);
      const isLocal = machine === undefined || service.spec.externalTrafficPolicy === 'Local';
      if (!isLocal || only === undefined || isOutside(machines.roleOf(only))) return found;
      return found?.map((each) => ({ ...each, isReady: each.isReady && each.spot.machine === only }));
    }
    if (machine !== undefined) return [{ spot: { machine }, address, port, isReady: true }];
    const pod = this.#podAt(address);
    return pod && [{ ...pod, port, isReady: true }];
  }

  /** The pods, nodes and service endpoints that a lab's definition names. */
  named(references: readonly string[]): readonly Candidate[] | undefined {
    const { objects, places } = this.#options;
    const found = references.flatMap((reference): readonly Candidate[] => {
      if (reference.startsWith('endpoints/')) {
        const service = objects.get<Service>(reference.replace(/^endpoints/, 'service'));
        return (service.spec.ports ?? []).filter(isTcp).flatMap((port) => this.#endpointsOf(service, port));
      }
      return places
        .all(reference as Parameters<Places['all']>[0])
        .flatMap((place) =>
          this.#addressesOf(place).map((address) => ({ spot: spotOf(place), address, isReady: true })),
        );
    });
    return this.#few(found);
  }

  #addressesOf(place: Place): readonly string[] {
    const { facts, machines } = this.#options;
    if (place.podIp !== undefined) return [place.podIp];
    if (place.netns === undefined) return machines.addressesOf(place.machine);
    const { links = [] } = facts.at(place, 'links');
    return links
      .flatMap(({ addresses }) => addresses)
      .filter(({ address, family }) => family === 'inet' && !address.startsWith('127.'))
      .map(({ address }) => address);
  }

  #few(endpoints: readonly Candidate[]): readonly Candidate[] | undefined {
    const known = onceEach(endpoints);
    return known.length > mostEndpoints ? undefined : known;
  }

  #endpointsOf({ metadata }: Service, { name = '' }: ServicePort): readonly Candidate[] {
    const { machines, objects } = this.#options;
    const slices = objects
      .list<EndpointSlice>('endpointslice')
      .filter((slice) => slice.metadata.namespace === metadata.namespace)
      .filter((slice) => slice.metadata.labels?.[serviceNameLabel] === metadata.name);
    return slices.flatMap(({ endpoints, ports }) =>
      (ports ?? [])
        .filter((each) => (each.name ?? '') === name && isTcp(each))
        .flatMap(({ port }) =>
          endpoints.flatMap(({ addresses, conditions }) =>
            addresses.map((address) => ({ address, port, isReady: conditions?.ready !== false })),
          ),
        )
        .flatMap(({ address, port, isReady }) => {
          const machine = machines.atAddress(address);
          const at = machine === undefined ? this.#podAt(address) : { spot: { machine }, address };
          return at ? [{ ...at, ...(port === undefined ? {} : { port }), isReady }] : [];
        }),
    );
  }

  #podAt(address: string): Endpoint | undefined {
    const { objects, machines } = this.#options;
    if (!isIPv4(address)) return undefined;
    const pods = objects.list<Pod>('pod').filter(({ status }) => status?.podIP === address);
    const pod = pods.find(({ status }) => status?.phase === 'Running') ?? pods[0];
    const machine = pod?.spec.nodeName;
    if (pod?.spec.hostNetwork || machine === undefined || machines.addressOf(machine) === undefined) return undefined;
    return { spot: { machine, podIp: address }, address };
  }
}

/** Two slices of a service may name the same endpoint. What comes to it came to one place, and not to two. */
const onceEach = (endpoints: readonly Candidate[]): readonly Candidate[] => {
  const known = new Map<string, Candidate>();
  for (const each of endpoints) {
    const key = `${each.address}:${each.port}`;
    known.set(key, { ...each, isReady: each.isReady || known.get(key)?.isReady === true });
  }
  return [...known.values()];
};

const isTcp = ({ protocol = 'TCP' }: { readonly protocol?: string }): boolean => protocol === 'TCP';
