// Copies hand-written Endpoints of services without a selector to EndpointSlices, because kube-proxy reads only
// EndpointSlices (pkg/controller/endpointslicemirroring).
import type { EndpointAddress, EndpointSubset, Endpoints } from '../../api/core.ts';
import { type Endpoint, type EndpointSlice, managedByLabel, serviceNameLabel } from '../../api/discovery.ts';
import { type IpFamily, readIp } from '../../api/ip.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { endpointSlices, endpoints, services } from '../../api/resources.ts';
import { keyOf } from '../client/types.ts';
import { type Controller, nothing, type Outcome, parseKey, type World, watch } from './controller.ts';
import { equal } from './equal.ts';
import { ownerReference } from './owners.ts';
import { hasManagedEndpoints } from './service-pods.ts';
import { keyFor, type Write } from './writes.ts';

export const mirroredBy = 'endpointslicemirroring-controller.k8s.io';

/** The label of Endpoints that must not be mirrored, because their author also writes the slices. */
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';

export const endpointSliceMirroringController: Controller = {
  name: 'endpoint-slice-mirroring-controller',
  watches: [
    watch(endpoints, (object) => [keyOf(object)]),
    watch(services, (service) => [keyOf(service)]),
    watch(endpointSlices, ({ metadata: { labels, namespace } }) =>
      labels?.[managedByLabel] === mirroredBy && labels[serviceNameLabel]
        ? [`${namespace}/${labels[serviceNameLabel]}`]
        : [],
    ),
  ],
  reconcile(key, world) {
    const { name, namespace } = parseKey(key);
    const mirrored = world
      .all(endpointSlices, namespace)
      .filter(({ metadata: { labels } }) => labels?.[managedByLabel] === mirroredBy)
      .filter(({ metadata: { labels } }) => labels?.[serviceNameLabel] === name);
    const source = sourceOf(key, world);
    if (!source) return mirrored.length === 0 ? nothing : { writes: mirrored.map(remove) };
    return mirror(source, mirrored);
  },
};

const sourceOf = (key: string, world: World): Endpoints | undefined => {
  const service = world.get(services, parseKey(key));
  const source = world.get(endpoints, parseKey(key));
  const mirrored = service && !hasManagedEndpoints(service) && service.spec.type !== 'ExternalName';
  if (!mirrored || !source || source.metadata.deletionTimestamp) return undefined;
  return source.metadata.labels?.[skipLabel] === 'true' ? undefined : source;
};

/** Slices are reused in the order of their names, within their address family. */
const mirror = (source: Endpoints, existing: readonly EndpointSlice[]): Outcome => {
  const of = (family: IpFamily) => mirrorFamily(source, family, existing);
  const writes = [...of('IPv4'), ...of('IPv6')];
  const foreign = existing.filter(({ addressType }) => addressType !== 'IPv4' && addressType !== 'IPv6');
  return { writes: [...writes, ...foreign.map(remove)] };
};

/** One slice per subset that has addresses of the family. */
const mirrorFamily = (source: Endpoints, family: IpFamily, existing: readonly EndpointSlice[]): Write[] => {
  const slices = existing
    .filter(({ addressType }) => addressType === family)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const contents = (source.subsets ?? []).map((subset) => contentOf(subset, family));
  const wanted = contents.filter(({ endpoints: found }) => found.length > 0);
  const writes = wanted.flatMap((content, index): Write[] => {
    const slice = slices[index];
    if (!slice) return [{ verb: 'create', resource: endpointSlices, object: newSlice(source, family, content) }];
    if (equal(slice.endpoints, content.endpoints) && equal(slice.ports ?? [], content.ports)) return [];
    return [{ verb: 'update', resource: endpointSlices, object: { ...slice, ...content } as EndpointSlice }];
  });
  return [...writes, ...slices.slice(wanted.length).map(remove)];
};

type MirroredPort = NonNullable<EndpointSubset['ports']>[number];
type Content = Required<Pick<EndpointSlice, 'endpoints' | 'ports'>>;

/** As many as the original mirrors, and as one slice may have. */
const mostEndpoints = 1000;

const contentOf = (
  { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset,
  family: IpFamily,
): Content => ({
  endpoints: [
    ...addresses.map((address) => endpointOf(address, true)),
    ...notReadyAddresses.map((address) => endpointOf(address, false)),
  ]
    .filter(({ addresses: [ip = ''] }) => readIp(ip)?.family === family)
    .slice(0, mostEndpoints),
  // Endpoints may list a name twice, a slice may not.
  ports: [...Map.groupBy(ports, ({ name = '' }) => name).values()].flatMap(([first]) => first ?? []).map(mirroredPort),
});

const mirroredPort = ({ name = '', port, protocol = 'TCP', appProtocol }: MirroredPort) => ({
  name,
  port,
  protocol,
  ...(appProtocol === undefined ? {} : { appProtocol }),
});

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname === undefined ? {} : { hostname }),
  ...(nodeName === undefined ? {} : { nodeName }),
  ...(targetRef === undefined ? {} : { targetRef }),
});

const newSlice = (source: Endpoints, family: IpFamily, content: Content): EndpointSlice => {
  const { name, namespace, labels } = source.metadata;
  const metadata = {
    generateName: `${name}-`,
    namespace,
    labels: { ...labels, [managedByLabel]: mirroredBy, [serviceNameLabel]: name },
    ownerReferences: [ownerReference(endpoints, source)],
    // The API server generates the name.
  } as Partial<ObjectMeta> as ObjectMeta;
  return { addressType: family, ...content, metadata };
};

const remove = (slice: EndpointSlice): Write => ({ verb: 'delete', resource: endpointSlices, key: keyFor(slice) });
