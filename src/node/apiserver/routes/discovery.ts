// Which resources the API has: one document per group, and the aggregated document that kubectl asks for first.
import type { Resource } from '../../../api/resources.ts';
import { type Answer, type Api, type Exchange, ok } from '../exchange/exchange.ts';
import { allDefinitions, definitionOf } from '../resources/all.ts';
import type { Definition } from '../resources/definition.ts';
import { allReviews, type Review } from '../resources/reviews.ts';
import { subresources } from '../resources/subresources.ts';
import { servedVersions } from '../resources/versions.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** metav1.APIResource */
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

const mainEntry = ({ resource, categories }: Definition): ApiResource => ({
  name: resource.plural,
  singularName: resource.singular,
  namespaced: resource.namespaced,
  kind: resource.kind,
  verbs,
  ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
  ...(categories ? { categories } : {}),
});

const subEntries = ({ resource, subresources: names = [] }: Definition): ApiResource[] =>
  names.map((name) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    kind: resource.kind,
    ...subresources[name],
    ...(name === 'proxy' ? { kind: `${resource.kind}${subresources.proxy.kind}` } : {}),
  }));

const reviewEntry = ({ plural, kind, namespaced = false }: Review): ApiResource => ({
  name: plural,
  singularName: kind.toLowerCase(),
  namespaced,
  kind,
  verbs: ['create'],
});

/** The definitions of the stored resources and of their further versions. */
const served: readonly Definition[] = [
  ...allDefinitions,
  ...servedVersions.map(({ resource, stored }) => ({ ...definitionOf(stored), resource })),
];

const entriesOf = (group: string, version: string): ApiResource[] => [
  ...allReviews.filter((review) => review.group === group && review.version === version).map(reviewEntry),
  ...served
    .filter(({ resource }) => resource.group === group && resource.version === version)
    .flatMap((definition) => [mainEntry(definition), ...subEntries(definition)]),
];

const everything: readonly Pick<Resource, 'group' | 'version'>[] = [
  ...served.map(({ resource }) => resource),
  ...allReviews,
];

/** All groups but the core group. */
const groupNames = [...new Set(everything.map(({ group }) => group))].filter((group) => group !== '').sort();

/** The preferred version comes first. */
const versionsOf = (name: string): string[] =>
  [...new Set(everything.filter(({ group }) => group === name).map(({ version }) => version))].sort();

const groupOf = (name: string) => {
  const versions = versionsOf(name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
};

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

type Discovery = Pick<Exchange<Pick<Api, 'address'>>, 'api' | 'request' | 'url'>;

const wantsAggregated = ({ request }: Discovery): boolean => {
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
      versions: versionsOf(group).map((version) => ({
        version,
        freshness: 'Current',
        resources: discoveryOf(group, version),
      })),
    })),
  },
});

const discoveryOf = (group: string, groupVersion: string) => {
  const entries = entriesOf(group, groupVersion);
  const responseKind = ({ kind, group: own = group, version = groupVersion }: ApiResource) => ({
    group: own,
    version,
    kind,
  });
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

const resourceList = (groupVersion: string, group: string, version: string): Answer =>
  ok({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: entriesOf(group, version) });

/** @returns undefined for any other path */
export const discovery = (exchange: Discovery): Answer | undefined => {
  const path = exchange.url.pathname.replace(/\/$/, '');
  if (path === '/api') {
    if (wantsAggregated(exchange)) return aggregated(['']);
    const clientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: exchange.api.address }];
    return ok({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: clientCIDRs });
  }
  if (path === '/api/v1') return resourceList('v1', '', 'v1');
  if (path === '/apis') {
    if (wantsAggregated(exchange)) return aggregated(groupNames);
    return ok({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames.map(groupOf) });
  }
  const [, group = '', version] = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (!groupNames.includes(group)) return undefined;
  if (version === undefined) return ok({ kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) });
  return versionsOf(group).includes(version) ? resourceList(`${group}/${version}`, group, version) : undefined;
};
