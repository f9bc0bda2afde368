// GET of a collection: selected, in pages, as a list or as a table.
import type { KubeList, KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { parseFieldSelector } from '../select/fields.ts';
import { parseLabelSelector } from '../select/labels.ts';
import { badRequest } from '../status.ts';
import { encodeObjects } from '../table/encode.ts';
import { type Handler, ok, type ResourceExchange } from './request.ts';

export interface Selectors {
  readonly matches: (object: KubeObject) => boolean;
}

/** @throws StatusError 400 on selectors that can't be understood */
export const selectorsOf = ({
  url,
  resource,
  info,
}: Pick<ResourceExchange, 'url' | 'resource' | 'info'>): Selectors => {
  const labels = parseLabelSelector(url.searchParams.get('labelSelector') ?? '');
  const fields = parseFieldSelector(resource, url.searchParams.get('fieldSelector') ?? '');
  const name = info.verb === 'watch' || info.verb === 'list' ? info.name : undefined;
  return {
    matches: (object) =>
      (name === undefined || resource.plural === 'namespaces' ? true : object.metadata.name === name) &&
      labels(object.metadata.labels) &&
      fields(object),
  };
};

export const list: Handler = (exchange) => {
  const { api, resource, info, url } = exchange;
  const { matches } = selectorsOf(exchange);
  const limit = Number(url.searchParams.get('limit') ?? 0);
  const from = readContinue(url.searchParams.get('continue'));
  const all = api.store.list(resource, resource.namespaced ? info.namespace : undefined);
  const rest = from === undefined ? all : all.slice(indexAfter(all, from.start));
  // One more than the page has room for tells whether there is another page.
  const found = limit > 0 ? firstMatching(rest, matches, limit + 1) : rest.filter(matches);
  const page = limit > 0 ? found.slice(0, limit) : found;
  const last = found.length > page.length ? page.at(-1) : undefined;
  // All pages bear the first one's version: who watches from a later one would miss what happened to objects on the pages before.
  const resourceVersion = from?.rv ?? String(api.store.revision);
  const more = last ? { continue: writeContinue({ rv: resourceVersion, start: positionOf(last) }) } : {};
  // As by the original, which hasn't counted what it selects from.
  const count = last && !selects(url) ? { remainingItemCount: rest.length - page.length } : {};
  const metadata = { resourceVersion, ...more, ...count };
  return ok(encodeObjects(exchange, { objects: page, list: listOf(resource, page, metadata) }));
};

/** By halving: they come in the order of their positions. */
const indexAfter = (objects: readonly KubeObject[], position: string): number => {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positionOf(objects[middle] as KubeObject) > position) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** Looks no further than it must: a long list is read in many pages. */
const firstMatching = (objects: readonly KubeObject[], matches: Selectors['matches'], count: number): KubeObject[] => {
  const found: KubeObject[] = [];
  for (const object of objects) {
    if (matches(object) && found.push(object) === count) break;
  }
  return found;
};

const selects = ({ searchParams }: URL): boolean =>
  Boolean(searchParams.get('labelSelector') || searchParams.get('fieldSelector'));

/** A list of the API's own kind: items don't repeat their type. */
export const listOf = (
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: KubeList<KubeObject>['metadata'],
): KubeList<KubeObject> => ({
  kind: `${resource.kind}List`,
  apiVersion: apiVersionOf(resource),
  metadata,
  items: objects.map(({ apiVersion: _apiVersion, kind: _kind, ...object }) => object),
});

/** Sorts as the store does. */
const positionOf = ({ metadata }: KubeObject): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;

/** As a `continue` token, which is opaque to clients. */
interface Position {
  /** The first page's version. */
  readonly rv: string;
  /** The last object of the page before. */
  readonly start: string;
}

const writeContinue = (position: Position): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...position })).toString('base64url');

const readContinue = (token: string | null): Position | undefined => {
  if (!token) return undefined;
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<Position>;
    if (typeof rv === 'string' && typeof start === 'string') return { rv, start };
  } catch {
    // Falls through to the refusal.
  }
  throw badRequest('continue key is not valid: it was not made by this server');
};
