// GET of a collection: selected, in pages, as a list or as a table.
import type { KubeList, KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { metaVersion } from '../../../api/version.ts';
import { type Answer, namespaceOf, ok, type ResourceExchange } from '../exchange/exchange.ts';
import type { ResourceRequest } from '../exchange/info.ts';
import { absentResources } from '../resources/absent.ts';
import { badRequest } from '../status.ts';
import type { Store } from '../store/store.ts';
import { encodeObjects } from '../table/table.ts';
import { type Matcher, matcherOf } from './selection.ts';

export const list = (exchange: ResourceExchange<{ readonly store: Store }>): Answer => {
  const { api, resource, url } = exchange;
  const matches = matcherOf(exchange);
  const limit = Number(url.searchParams.get('limit') ?? 0);
  const from = readContinue(url.searchParams.get('continue'));
  const all = api.store.list(resource, namespaceOf(exchange));
  const rest = from === undefined ? all : all.slice(indexAfter(all, from.start));
  // One object more than the page has room for. The extra object shows whether there is another page.
  const found = limit > 0 ? firstMatching(rest, matches, limit + 1) : rest.filter(matches);
  const page = limit > 0 ? found.slice(0, limit) : found;
  const last = found.length > page.length ? page.at(-1) : undefined;
  // All pages carry the version of the first page. A watch from a later version would miss changes to the first pages.
  const resourceVersion = from?.rv ?? String(api.store.revision);
  const more = last ? { continue: writeContinue({ rv: resourceVersion, start: positionOf(last) }) } : {};
  // Kubernetes leaves the count out when a selector is used.
  const count = last && !selects(url) ? { remainingItemCount: rest.length - page.length } : {};
  const metadata = { resourceVersion, ...more, ...count };
  return ok(encodeObjects(exchange, { objects: page, list: listOf(resource, page, metadata) }));
};

/** The list of a resource that no lab has. @returns undefined for any other request */
export const emptyList = (
  { verb, group, version, plural }: ResourceRequest,
  { store }: { readonly store: Store },
): Answer | undefined => {
  const absent = absentResources.find(
    (one) => one.group === group && one.version === version && one.plural === plural && verb === 'list',
  );
  return absent && ok(listOf(absent, [], { resourceVersion: String(store.revision) }));
};

/** Binary search: the objects are in the order of their positions. */
const indexAfter = (objects: readonly KubeObject[], position: string): number => {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positionOf(objects[middle] as KubeObject) > position) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** Stops at the last object of the page: a long list is read in many pages. */
const firstMatching = (objects: readonly KubeObject[], matches: Matcher, count: number): KubeObject[] => {
  const found: KubeObject[] = [];
  for (const object of objects) {
    if (matches(object) && found.push(object) === count) break;
  }
  return found;
};

const selects = ({ searchParams }: URL): boolean =>
  Boolean(searchParams.get('labelSelector') || searchParams.get('fieldSelector'));

/** The list has a kind and an apiVersion. Its items have neither. */
export const listOf = (
  resource: Pick<Resource, 'group' | 'version' | 'kind'>,
  objects: readonly KubeObject[],
  metadata: KubeList<KubeObject>['metadata'],
): KubeList<KubeObject> => ({
  kind: `${resource.kind}List`,
  apiVersion: apiVersionOf(resource),
  metadata,
  items: objects.map(({ apiVersion: _apiVersion, kind: _kind, ...object }) => object),
});

/** Positions are in the order in which the store lists objects. */
const positionOf = ({ metadata }: KubeObject): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;

/** The content of a `continue` token, which is opaque to clients. */
interface Position {
  /** The resourceVersion of the first page. */
  readonly rv: string;
  /** The position of the last object on the page before. */
  readonly start: string;
}

const writeContinue = (position: Position): string =>
  Buffer.from(JSON.stringify({ v: metaVersion, ...position })).toString('base64url');

const readContinue = (token: string | null): Position | undefined => {
  if (!token) return undefined;
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<Position>;
    if (typeof rv === 'string' && typeof start === 'string') return { rv, start };
  } catch {
    // Not JSON: refused below.
  }
  throw badRequest('continue key is not valid: it was not made by this server');
};
