// What the API has: the old documents per group, and the aggregated one that kubectl asks for first.
import { allResources, type Resource } from '../../../api/resources.ts';
import { type Answer, type Exchange, ok } from './request.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

const subresourceVerbs: Readonly<Record<string, readonly string[]>> = {
  status: ['get', 'patch', 'update'],
  scale: ['get', 'patch', 'update'],
  log: ['get'],
  binding: ['create'],
  eviction: ['create'],
  finalize: ['update'],
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
};
const subresourceKinds: Readonly<Record<string, Partial<ApiResource>>> = {
  scale: { kind: 'Scale', group: 'autoscaling', version: 'v1' },
  binding: { kind: 'Binding' },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1' },
  exec: { kind: 'PodExecOptions' },
  attach: { kind: 'PodAttachOptions' },
  portforward: { kind: 'PodPortForwardOptions' },
};

const mainEntry = ({ plural, singular, namespaced, kind, shortNames, categories }: Resource): ApiResource => ({
  name: plural,
  singularName: singular,
  namespaced,
  kind,
  verbs,
  ...(shortNames.length > 0 ? { shortNames } : {}),
  ...(categories.length > 0 ? { categories } : {}),
});

const subEntries = ({ plural, namespaced, kind, subresources }: Resource): ApiResource[] =>
  subresources.map((name) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind,
    verbs: subresourceVerbs[name] ?? ['get'],
    ...subresourceKinds[name],
  }));

const review = (name: string, kind: string): ApiResource => ({
  name,
  singularName: kind.toLowerCase(),
  namespaced: false,
  kind,
  verbs: ['create'],
});

const entriesOf = (group: string): ApiResource[] => {
  if (group === 'authorization.k8s.io') return [review('selfsubjectaccessreviews', 'SelfSubjectAccessReview')];
  if (group === 'authentication.k8s.io') return [review('selfsubjectreviews', 'SelfSubjectReview')];
  return allResources
    .filter((resource) => resource.group === group)
    .flatMap((resource) => [mainEntry(resource), ...subEntries(resource)]);
};

/** All groups but the core one, in the order in which Kubernetes prefers them. */
const groupNames = ['apps', 'authentication.k8s.io', 'authorization.k8s.io', 'coordination.k8s.io', 'discovery.k8s.io'];

const groupOf = (name: string) => {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
};

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const wantsAggregated = ({ request }: Exchange): boolean => {
  const accept = (request.headers.accept ?? '').replaceAll(' ', '').split(',');
  return accept.some(
    (type) =>
      type.includes('as=APIGroupDiscoveryList') && type.includes('g=apidiscovery.k8s.io') && /v=v2(;|$)/.test(type),
  );
};

const aggregated = (groups: readonly string[]): Answer => ({
  code: 200,
  headers: { 'content-type': aggregatedType, vary: 'Accept' },
  body: {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: [{ version: 'v1', freshness: 'Current', resources: discoveryOf(group) }],
    })),
  },
});

const discoveryOf = (group: string) => {
  const entries = entriesOf(group);
  const responseKind = ({ kind, group: own = group, version = 'v1' }: ApiResource) => ({ group: own, version, kind });
  return entries
    .filter(({ name }) => !name.includes('/'))
    .map((entry) => ({
      resource: entry.name,
      responseKind: responseKind(entry),
      scope: entry.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: entry.singularName,
      verbs: entry.verbs,
      ...(entry.shortNames ? { shortNames: entry.shortNames } : {}),
      ...(entry.categories ? { categories: entry.categories } : {}),
      subresources: entries
        .filter(({ name }) => name.startsWith(`${entry.name}/`))
        .map((sub) => ({
          subresource: sub.name.slice(entry.name.length + 1),
          responseKind: responseKind(sub),
          verbs: sub.verbs,
        })),
    }));
};

const resourceList = (groupVersion: string, group: string): Answer =>
  ok({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: entriesOf(group) });

/** Undefined when the path is none of discovery's. */
export const discovery = (exchange: Exchange): Answer | undefined => {
  const path = exchange.url.pathname.replace(/\/$/, '');
  if (path === '/api') {
    if (wantsAggregated(exchange)) return aggregated(['']);
    const clientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: exchange.api.address }];
    return ok({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: clientCIDRs });
  }
  if (path === '/api/v1') return resourceList('v1', '');
  if (path === '/apis') {
    if (wantsAggregated(exchange)) return aggregated(groupNames);
    return ok({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames.map(groupOf) });
  }
  const [, group = '', version] = /^\/apis\/([^/]+)(\/v1)?$/.exec(path) ?? [];
  if (!groupNames.includes(group)) return undefined;
  if (version === undefined) return ok({ kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) });
  return resourceList(`${group}/v1`, group);
};
