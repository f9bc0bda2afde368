// Service + pods → the older Endpoints object, which `kubectl get endpoints` and `kubectl describe service` show.

import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { lastChangeAnnotation } from '../../api/discovery.ts';
import { endpoints, pods, services } from '../../api/resources.ts';
import { ipv4ToNumber, parseIpv4 } from '../../api/scalars.ts';
import { keyOf } from '../client/types.ts';
import { type Controller, nothing, type Outcome, parseKey, type World, watch } from './controller.ts';
import { canonical, equal } from './equal.ts';
import { isReady } from './pods.ts';
import {
  addressesOf,
  hasManagedEndpoints,
  headlessLabel,
  hostnameIn,
  isHeadless,
  lastChange,
  podsOfService,
  resolvePorts,
  servicesOfPod,
} from './service-pods.ts';
import { keyFor } from './writes.ts';

export const endpointsManagedByLabel = 'endpoints.kubernetes.io/managed-by';
export const endpointsManagedBy = 'endpoint-controller';

/** The prefix of the key of a deleted service. */
const deletedPrefix = 'gone:';

export const endpointsController: Controller = {
  name: 'endpoint-controller',
  watches: [
    watch(services, (service, world) => {
      const current = world.get(services, parseKey(keyOf(service)));
      return [current ? keyOf(service) : `${deletedPrefix}${keyOf(service)}`];
    }),
    watch(pods, servicesOfPod),
    watch(endpoints, (object) => [keyOf(object)]),
  ],
  reconcile(key, world) {
    const deletionSeen = key.startsWith(deletedPrefix);
    const name = parseKey(deletionSeen ? key.slice(deletedPrefix.length) : key);
    const service = world.get(services, name);
    const existing = world.get(endpoints, name);
    // Hand-written Endpoints stay until the deletion of a service was seen.
    if (!service) return existing && (deletionSeen || isOurs(existing)) ? remove(existing) : nothing;
    if (!hasManagedEndpoints(service) || existing?.metadata.deletionTimestamp) return nothing;
    return reconcileService(service, existing, world);
  },
};

/** Whether this controller wrote the Endpoints. Hand-written Endpoints may exist before their service. */
const isOurs = ({ metadata: { labels } }: Endpoints): boolean =>
  labels?.[endpointsManagedByLabel] === endpointsManagedBy;

const remove = (object: Endpoints): Outcome => ({
  writes: [{ verb: 'delete', resource: endpoints, key: keyFor(object) }],
});

const reconcileService = (service: Service, existing: Endpoints | undefined, world: World): Outcome => {
  const tolerateUnready = service.spec.publishNotReadyAddresses === true;
  const members = podsOfService(service, world).filter(
    ({ metadata }) => tolerateUnready || metadata.deletionTimestamp === undefined,
  );
  const subsets = subsetsOf(service, members, tolerateUnready);
  const labels: Record<string, string> = {
    ...service.metadata.labels,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [endpointsManagedByLabel]: endpointsManagedBy,
  };
  if (existing && equal(existing.subsets ?? [], subsets) && equal(existing.metadata.labels ?? {}, labels))
    return nothing;
  const annotations = { ...existing?.metadata.annotations, [lastChangeAnnotation]: lastChange(service, members) };
  const { name, namespace } = service.metadata;
  const metadata = existing?.metadata ?? { name, ...(namespace === undefined ? {} : { namespace }) };
  const object: Endpoints = { metadata: { ...metadata, labels, annotations }, subsets };
  return { writes: [{ verb: existing ? 'update' : 'create', resource: endpoints, object }] };
};

/** Pods with the same ports share a subset. */
const subsetsOf = (service: Service, members: readonly Pod[], tolerateUnready: boolean): EndpointSubset[] => {
  const groups = new Map<
    string,
    { ready: EndpointAddress[]; waiting: EndpointAddress[]; ports: EndpointSubset['ports'] }
  >();
  for (const pod of members) {
    const ports = resolvePorts(service, pod).map(({ name, ...port }) => (name === '' ? port : { name, ...port }));
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const key = canonical(ports);
    const group = groups.get(key) ?? { ready: [], waiting: [], ports };
    groups.set(key, group);
    (tolerateUnready || isReady(pod) ? group.ready : group.waiting).push(...addressOf(service, pod));
  }
  return [...groups.values()].map(({ ready, waiting, ports }) => ({
    ...(ready.length > 0 ? { addresses: ready.sort(byIp) } : {}),
    ...(waiting.length > 0 ? { notReadyAddresses: waiting.sort(byIp) } : {}),
    ...(ports && ports.length > 0 ? { ports } : {}),
  }));
};

const addressOf = (service: Service, pod: Pod): EndpointAddress[] => {
  const hostname = hostnameIn(service, pod);
  const { name, namespace, uid } = pod.metadata;
  return addressesOf(pod)
    .slice(0, 1)
    .map((ip) => ({
      ip,
      ...(hostname === undefined ? {} : { hostname }),
      ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
      targetRef: {
        kind: 'Pod',
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
    }));
};

const byIp = (a: EndpointAddress, b: EndpointAddress): number =>
  ipv4ToNumber(parseIpv4(a.ip)) - ipv4ToNumber(parseIpv4(b.ip));
