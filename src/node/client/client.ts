// Implements the typed verbs of the API over the transport.
import type { KubeList, KubeObject } from '../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { apiErrorFrom, isGone } from './error.ts';
import { loadKubeconfig, type ServerConfig } from './kubeconfig.ts';
import { collectionPath, objectPath, queryOf, selectionQuery } from './path.ts';
import { type Call, createTransport, retryAfter, type Transport } from './transport.ts';
import type { Client, PatchType, Selection } from './types.ts';
import { readWatch } from './watch.ts';

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The server sends a bookmark at least once a minute. */
const watchIdleMs = 150_000;

/** Sends nothing before the first verb. `kubeconfig` is the path of a file. */
export const createClient = (options: { readonly kubeconfig: string } | ServerConfig): Client => {
  const config = 'kubeconfig' in options ? loadKubeconfig(options.kubeconfig) : options;
  return clientOver(createTransport(config));
};

const clientOver = (transport: Transport): Client => {
  const call = async <T>(details: Call): Promise<T> => {
    const { status, body, retryAfterMs } = await transport.call(details);
    if (status < 200 || status > 299) throw apiErrorFrom(status, body, retryAfterMs);
    return JSON.parse(body) as T;
  };
  const readList = async <T extends KubeObject>(resource: Resource<T>, selection: Selection): Promise<KubeList<T>> => {
    try {
      return await readPages((page) => call({ method: 'GET', path: listPath(resource, selection, page) }));
    } catch (error) {
      if (!isGone(error)) throw error;
      // The server has forgotten the revision of the first page. A list in one page cannot fail this way.
      return await call({ method: 'GET', path: listPath(resource, selection) });
    }
  };
  return {
    get: (resource, key) => call({ method: 'GET', path: objectPath(resource, key) }),
    list: async <T extends KubeObject>(resource: Resource<T>, selection = {}) =>
      withTypes(resource, await readList(resource, selection)),
    create: (resource, object) =>
      call({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace),
        body: typed(resource, object),
      }),
    update: (resource, object) =>
      call({ method: 'PUT', path: objectPath(resource, object.metadata), body: typed(resource, object) }),
    updateStatus: (resource, object) =>
      call({ method: 'PUT', path: objectPath(resource, object.metadata, 'status'), body: typed(resource, object) }),
    updateSubresource: (resource, object, subresource) =>
      call({
        method: 'PUT',
        path: objectPath(resource, object.metadata, subresource),
        body: typed(resource, object),
      }),
    patch: (resource, key, body, { type = 'merge', subresource } = {}) =>
      call({
        method: 'PATCH',
        path:
          objectPath(resource, key, subresource) +
          (type === 'apply' ? queryOf({ fieldManager: 'labs', force: true }) : ''),
        body,
        contentType: patchContentTypes[type],
      }),
    delete: async (resource, key, options = {}) => {
      await call({ method: 'DELETE', path: objectPath(resource, key), body: deleteBody(options) });
    },
    createSubresource: (resource, key, subresource, body) =>
      call({ method: 'POST', path: objectPath(resource, key, subresource), body }),
    async *watch(resource, { signal, resourceVersion, allowBookmarks, timeoutSeconds, ...selection }) {
      const query = queryOf({
        ...selectionQuery(selection),
        watch: 1,
        resourceVersion,
        allowWatchBookmarks: allowBookmarks,
        timeoutSeconds,
      });
      const response = await transport.stream(collectionPath(resource, selection.namespace) + query, signal);
      const status = response.statusCode ?? 0;
      if (status !== 200) {
        throw apiErrorFrom(status, (await response.toArray()).join(''), retryAfter(response).retryAfterMs);
      }
      yield* readWatch(response, watchIdleMs);
    },
    raw: (path) => transport.call({ method: 'GET', path }),
  };
};

/** Thousands of objects in one answer would block the server and the component. */
const pageSize = 1000;

interface Page {
  readonly limit?: number;
  readonly continue?: string;
}

const listPath = (resource: Resource, selection: Selection, page: Page = {}): string =>
  collectionPath(resource, selection.namespace) + queryOf({ ...selectionQuery(selection), ...page });

/** All pages as one list. The server shows every page at the revision of the first page. */
const readPages = async <T extends KubeObject>(read: (page: Page) => Promise<KubeList<T>>): Promise<KubeList<T>> => {
  const list = await read({ limit: pageSize });
  // An answer of another program, such as a proxy, must not count as a cluster without objects.
  if (!list.kind?.endsWith('List')) throw new Error(`the server answered with ${list.kind ?? 'something'}, not a list`);
  // Go servers may write an empty list as null.
  list.items ??= [];
  for (let next = list.metadata.continue; next; ) {
    const page: KubeList<T> = await read({ limit: pageSize, continue: next });
    for (const item of page.items ?? []) list.items.push(item);
    next = page.metadata.continue;
  }
  return list;
};

/** On the wire an object needs apiVersion and kind. In memory they may be missing. */
const typed = <T extends KubeObject>(resource: Resource<T>, object: T): T => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  ...object,
});

/** Items of a list have no apiVersion and kind, but owner references and events need them. */
const withTypes = <T extends KubeObject>(resource: Resource<T>, list: KubeList<T>): KubeList<T> => {
  for (const item of list.items) {
    item.apiVersion ??= apiVersionOf(resource);
    item.kind ??= resource.kind;
  }
  return list;
};

const deleteBody = ({ gracePeriodSeconds, uid, propagationPolicy }: Parameters<Client['delete']>[2] & object) => ({
  kind: 'DeleteOptions',
  apiVersion: 'v1',
  ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  ...(uid === undefined ? {} : { preconditions: { uid } }),
  ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
});
