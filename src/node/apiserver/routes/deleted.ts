// What there was: the last states of deleted objects, under `/debug/deleted` and the URL of the resource's list. For
// graders. No log proves as much, because everybody who is root can write one.
import { deletedPrefix } from '../../../api/paths.ts';
import { type Answer, type Exchange, ok } from '../exchange/exchange.ts';
import { parseResourceRequest } from '../exchange/info.ts';
import { methodNotAllowed, notServed, pathNotFound, qualified } from '../status.ts';
import { listOf } from './list.ts';

/** GET of a list, and DELETE of one object, which is forgotten. @returns undefined for any other path */
export const deletedObjects = ({
  api: { store },
  request: { method = 'GET' },
  url,
}: Pick<Exchange, 'api' | 'request' | 'url'>): Answer | undefined => {
  if (!url.pathname.startsWith(`${deletedPrefix}/`)) return undefined;
  const info = parseResourceRequest(method, new URL(url.pathname.slice(deletedPrefix.length), url));
  if (!info) throw pathNotFound();
  const { resource, verb, namespace, name } = info;
  if (!resource) throw notServed(qualified(info));
  if (verb === 'list') {
    const objects = store
      .deleted(resource)
      .filter(({ metadata }) => (namespace ?? metadata.namespace) === metadata.namespace);
    return ok(listOf(resource, objects, { resourceVersion: String(store.revision) }));
  }
  if (verb !== 'delete' || name === undefined) throw methodNotAllowed();
  store.forget(resource, resource.namespaced ? { name, namespace } : { name });
  return ok({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
};
