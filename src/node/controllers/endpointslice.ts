// Service + pods → EndpointSlices. Every kube-proxy makes its rules from them (pkg/controller/endpointslice).
import type { Service } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import {
  type Endpoint,
  type EndpointSlice,
  lastChangeAnnotation,
  managedByLabel,
  serviceNameLabel,
} from '../../api/discovery.ts';
import { zoneLabel } from '../../api/labels.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { endpointSlices, nodes, pods, services } from '../../api/resources.ts';
import { keyOf } from '../client/types.ts';
import { type Controller, nothing, type Outcome, parseKey, type World, watch } from './controller.ts';
import { canonical, equal } from './equal.ts';
import { ownerReference } from './owners.ts';
import { isReady } from './pods.ts';
import {
  addressesOf,
  hasManagedEndpoints,
  headlessLabel,
  hostnameIn,
  isHeadless,
  lastChange,
  podsOfService,
  type ResolvedPort,
  resolvePorts,
  servicesOfPod,
} from './service-pods.ts';
import { hintsFor, isTopologyAuto } from './topology-hints.ts';
import { keyFor, type Write } from './writes.ts';

export const managedBy = 'endpointslice-controller.k8s.io';
const maxEndpoints = 100;

export const endpointSliceController: Controller = {
  name: 'endpoint-slice-controller',
  watches: [
    watch(services, (service) => [keyOf(service)]),
    watch(pods, servicesOfPod),
    watch(endpointSlices, (slice) => serviceOf(slice)),
    // The slices contain the zone of each node. Nodes without a zone are ignored.
    watch(nodes, (node, world) =>
      node.metadata.labels?.[zoneLabel] === undefined ? [] : world.all(services).filter(hasManagedEndpoints).map(keyOf),
    ),
  ],
  reconcile(key, world) {
    const service = world.get(services, parseKey(key));
    if (!service || service.metadata.deletionTimestamp || !hasManagedEndpoints(service)) return nothing;
    return reconcileService(service, world);
  },
};

const serviceOf = ({ metadata: { labels, namespace } }: EndpointSlice): string[] =>
  labels?.[managedByLabel] === managedBy && labels[serviceNameLabel]
    ? [`${namespace}/${labels[serviceNameLabel]}`]
    : [];

/** Endpoints with the same ports, for one slice or several slices. */
interface Content {
  readonly ports: readonly ResolvedPort[];
  readonly endpoints: readonly Endpoint[];
}

const reconcileService = (service: Service, world: World): Outcome => {
  const members = podsOfService(service, world);
  const managed = world
    .all(endpointSlices, service.metadata.namespace)
    .filter(({ metadata: { labels } }) => labels?.[managedByLabel] === managedBy)
    .filter(({ metadata: { labels } }) => labels?.[serviceNameLabel] === service.metadata.name)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const usable = managed.filter(({ addressType }) => addressType === 'IPv4');
  const { contents, problem } = desired(service, members, world);
  const { kept, added } = distribute(usable, contents);
  const free = usable.filter((slice) => !kept.has(slice));
  const stamp = lastChange(service, members);
  // An empty slice is filled again before a new slice is created ("recycling" in the original).
  const recycled = added.slice(0, free.length).map((content, index) => [free[index], content] as const);
  const updates = [...kept, ...recycled].flatMap(([slice, content]) =>
    slice === undefined ? [] : update(service, slice, content, stamp),
  );
  const creates = added.slice(free.length).map((content) => create(service, content, stamp));
  const spare = [...free.slice(added.length), ...managed.filter((slice) => !usable.includes(slice))];
  const writes = [...creates, ...updates, ...spare.map(remove)];
  return { writes: [...writes, ...hintEvents(service, usable, { changed: writes.length > 0, problem })] };
};

/** Says in an Event that topology mode Auto begins to give hints, or each time why it gives none. */
const hintEvents = (
  service: Service,
  before: readonly EndpointSlice[],
  { changed, problem }: { readonly changed: boolean; readonly problem: string | undefined },
): Write[] => {
  if (!isTopologyAuto(service)) return [];
  const tell = (type: 'Normal' | 'Warning', reason: string, text: string): Write[] => [
    { verb: 'event', about: service, type, reason, message: `${text}, addressType: IPv4` },
  ];
  if (problem !== undefined) return tell('Warning', 'TopologyAwareHintsDisabled', problem);
  if (!changed) return [];
  const had = before.some(({ endpoints }) => endpoints.some(({ hints }) => hints !== undefined));
  return had ? [] : tell('Normal', 'TopologyAwareHintsEnabled', 'Topology Aware Hints has been enabled');
};

/** What the slices are to hold, and why topology mode Auto gives no hints. */
interface Desired {
  readonly contents: readonly Content[];
  readonly problem: string | undefined;
}

const desired = (service: Service, members: readonly Pod[], world: World): Desired => {
  const groups = new Map<string, { ports: ResolvedPort[]; endpoints: Endpoint[] }>();
  for (const pod of members) {
    const ports = resolvePorts(service, pod);
    const endpoint = endpointOf(service, pod, world);
    if (endpoint === undefined) continue;
    const key = canonical(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpoint);
  }
  const contents = [...groups.values()];
  const all = contents.flatMap(({ endpoints }) => endpoints);
  const hints = hintsFor(service, all, world.all(nodes));
  return {
    contents: contents.map(({ ports, endpoints }) => ({
      ports,
      endpoints: endpoints.map((endpoint) => ({ ...endpoint, ...hints.of(endpoint) })),
    })),
    problem: hints.problem,
  };
};

/** Undefined if the pod's node does not exist, because then nothing can reach the pod. */
const endpointOf = (service: Service, pod: Pod, world: World): Endpoint | undefined => {
  const { nodeName = '' } = pod.spec;
  const node = world.get(nodes, { name: nodeName });
  if (!node) return undefined;
  const zone = node.metadata.labels?.[zoneLabel];
  const hostname = hostnameIn(service, pod);
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { name, namespace, uid } = pod.metadata;
  return {
    addresses: addressesOf(pod),
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    nodeName,
    targetRef: {
      kind: 'Pod',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(zone === undefined ? {} : { zone }),
  };
};

/** Endpoints stay in their slice. New endpoints fill slices with the same ports, then new slices. */
const distribute = (
  slices: readonly EndpointSlice[],
  groups: readonly Content[],
): { readonly kept: ReadonlyMap<EndpointSlice, Content>; readonly added: readonly Content[] } => {
  const kept = new Map<EndpointSlice, Content>();
  const added: Content[] = [];
  for (const { ports, endpoints } of groups) {
    const waiting = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint]));
    const same = slices.filter((slice) => equal(slice.ports ?? [], ports));
    const stay = same.map((slice) => ({
      slice,
      endpoints: slice.endpoints.flatMap((old) => {
        const endpoint = waiting.get(identity(old));
        return endpoint !== undefined && waiting.delete(identity(old)) ? [endpoint] : [];
      }),
    }));
    const rest = [...waiting.values()];
    for (const { slice, endpoints: staying } of stay) {
      const filled = [...staying, ...rest.splice(0, staying.length > 0 ? maxEndpoints - staying.length : 0)];
      if (filled.length > 0) kept.set(slice, { ports, endpoints: filled });
    }
    while (rest.length > 0) added.push({ ports, endpoints: rest.splice(0, maxEndpoints) });
  }
  // A service without endpoints has one empty slice, so that proxies know that there are no endpoints.
  if (kept.size === 0 && added.length === 0) added.push({ ports: [], endpoints: [] });
  return { kept, added };
};

const identity = ({ targetRef, addresses }: Endpoint): string => `${targetRef?.uid ?? ''} ${addresses.join(' ')}`;

const labelsOf = (service: Service): Record<string, string> => ({
  ...service.metadata.labels,
  ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  [managedByLabel]: managedBy,
  [serviceNameLabel]: service.metadata.name,
});

const update = (service: Service, slice: EndpointSlice, content: Content, stamp: string): Write[] => {
  const labels = labelsOf(service);
  const owners = [ownerReference(services, service)];
  const same =
    equal(slice.endpoints, content.endpoints) &&
    equal(slice.ports ?? [], content.ports) &&
    equal(slice.metadata.labels ?? {}, labels) &&
    equal(slice.metadata.ownerReferences, owners);
  if (same) return [];
  const annotations = { ...slice.metadata.annotations, [lastChangeAnnotation]: stamp };
  const metadata = { ...slice.metadata, labels, annotations, ownerReferences: owners };
  return [
    { verb: 'update', resource: endpointSlices, object: { ...slice, ...mutable(content), metadata } as EndpointSlice },
  ];
};

const create = (service: Service, content: Content, stamp: string): Write => {
  const metadata = {
    generateName: `${service.metadata.name}-`,
    namespace: service.metadata.namespace,
    labels: labelsOf(service),
    annotations: { [lastChangeAnnotation]: stamp },
    ownerReferences: [ownerReference(services, service)],
    // The API server generates the name.
  } as Partial<ObjectMeta> as ObjectMeta;
  const object: EndpointSlice = { addressType: 'IPv4', ...mutable(content), metadata };
  return { verb: 'create', resource: endpointSlices, object };
};

const mutable = ({ ports, endpoints }: Content): Pick<EndpointSlice, 'ports' | 'endpoints'> => ({
  ports: [...ports],
  endpoints: [...endpoints],
});

const remove = (slice: EndpointSlice): Write => ({ verb: 'delete', resource: endpointSlices, key: keyFor(slice) });
