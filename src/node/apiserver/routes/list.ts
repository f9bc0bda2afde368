// GET of a collection: selected, in pages, as a list or as a table.
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { parseFieldSelector } from '../select/fields.ts';
import { parseLabelSelector } from '../select/labels.ts';
import { badRequest } from '../status.ts';
import type { Store } from '../store/store.ts';
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
  const start = readContinue(url.searchParams.get('continue'));
  const all = api.store.list(resource, resource.namespaced ? info.namespace : undefined).filter(matches);
  const rest = start === undefined ? all : all.filter((object) => positionOf(object) > start);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const remaining = rest.length - page.length;
  const last = page.at(-1);
  const more =
    remaining > 0 && last ? { continue: writeContinue(positionOf(last)), remainingItemCount: remaining } : {};
  return ok(encodeObjects(exchange, { objects: page, list: listOf(api, resource, page, more) }));
};

/** A list of the API's own kind: items don't repeat their type. */
export const listOf = (
  { store }: { readonly store: Pick<Store, 'revision'> },
  resource: Resource,
  objects: readonly KubeObject[],
  more: { continue?: string; remainingItemCount?: number } = {},
) => ({
  kind: `${resource.kind === 'Endpoints' ? 'Endpoints' : resource.kind}List`,
  apiVersion: apiVersionOf(resource),
  metadata: { resourceVersion: String(store.revision), ...more },
  items: objects.map(({ apiVersion: _apiVersion, kind: _kind, ...object }) => object),
});

/** Sorts as the store does. */
const positionOf = ({ metadata }: KubeObject): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;

const writeContinue = (position: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', start: position })).toString('base64url');

const readContinue = (token: string | null): string | undefined => {
  if (!token) return undefined;
  try {
    const { start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { start?: unknown };
    if (typeof start === 'string') return start;
  } catch {
    // Falls through to the refusal.
  }
  throw badRequest('continue key is not valid: it was not made by this server');
};
