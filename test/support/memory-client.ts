// A client with a simple API server in memory. Tests read the objects that components write, and the other way round.
import type { KubeObject, WatchEvent } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resources.ts';
import { ApiError } from '../../src/node/client/error.ts';
import { type Client, type Key, keyOf, type Selection } from '../../src/node/client/types.ts';

export interface MemoryClient extends Client {
  /** All objects of one resource. */
  all<T extends KubeObject>(resource: Resource<T>): T[];
}

interface Watcher {
  readonly plural: string;
  readonly selection: Selection;
  readonly push: (event: WatchEvent<KubeObject>) => void;
}

export const createMemoryClient = (): MemoryClient => {
  const store = new Map<string, Map<string, KubeObject>>();
  const watchers = new Set<Watcher>();
  const history: { readonly version: number; readonly plural: string; readonly event: WatchEvent<KubeObject> }[] = [];
  let version = 0;
  const table = (plural: string): Map<string, KubeObject> => {
    const found = store.get(plural) ?? new Map();
    store.set(plural, found);
    return found;
  };
  const announce = (type: 'ADDED' | 'MODIFIED' | 'DELETED', plural: string, object: KubeObject): void => {
    history.push({ version, plural, event: { type, object: structuredClone(object) } });
    for (const watcher of watchers) {
      if (watcher.plural === plural && selects(watcher.selection, object)) {
        watcher.push({ type, object: structuredClone(object) });
      }
    }
  };
  const put = <T extends KubeObject>({ plural }: Resource<T>, object: T, type: 'ADDED' | 'MODIFIED'): T => {
    version += 1;
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(version);
    table(plural).set(keyOf(stored), stored);
    announce(type, plural, stored);
    return structuredClone(stored);
  };
  const need = <T extends KubeObject>({ plural }: Resource<T>, key: Key): T => {
    const found = table(plural).get(key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`);
    if (!found) throw failure(404, 'NotFound', `${plural} "${key.name}" not found`);
    return found as T;
  };
  /** As the API server: an update may name the version and the uid that it replaces. */
  const needUnchanged = <T extends KubeObject>(resource: Resource<T>, { metadata }: T): T => {
    const current = need(resource, metadata);
    const { resourceVersion, uid } = metadata;
    if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
      throw failure(409, 'Conflict', 'the object has been modified');
    }
    if (uid && uid !== current.metadata.uid) throw failure(422, 'Invalid', 'metadata.uid: field is immutable');
    return current;
  };
  const client: MemoryClient = {
    all: <T extends KubeObject>({ plural }: Resource<T>) => [...table(plural).values()] as T[],
    get: async (resource, key) => structuredClone(need(resource, key)),
    list: async <T extends KubeObject>({ plural, kind }: Resource<T>, selection: Selection = {}) => ({
      apiVersion: 'v1',
      kind: `${kind}List`,
      metadata: { resourceVersion: String(version) },
      items: [...table(plural).values()]
        .filter((object) => selects(selection, object))
        .map((o) => structuredClone(o) as T),
    }),
    async create(resource, object) {
      if (table(resource.plural).has(keyOf(object))) throw failure(409, 'AlreadyExists', 'already exists');
      const { uid = crypto.randomUUID() } = object.metadata;
      const made = { apiVersion: 'v1', kind: resource.kind, ...object, metadata: { ...object.metadata, uid } };
      return put(resource, made, 'ADDED');
    },
    async update(resource, object) {
      needUnchanged(resource, object);
      return put(resource, object, 'MODIFIED');
    },
    async updateStatus(resource, object) {
      const current = needUnchanged(resource, object);
      return put(resource, { ...current, status: (object as { status?: unknown }).status }, 'MODIFIED');
    },
    updateSubresource: async (resource, object) => put(resource, object, 'MODIFIED'),
    patch: async (resource, key, patch) => put(resource, merge(need(resource, key), patch) as never, 'MODIFIED'),
    async delete(resource, key) {
      const object = need(resource, key);
      table(resource.plural).delete(keyOf(object));
      version += 1;
      announce('DELETED', resource.plural, object);
    },
    createSubresource: async () => {},
    async *watch(resource, { signal, resourceVersion, ...selection }) {
      const queue = history
        .filter((entry) => entry.version > Number(resourceVersion) && entry.plural === resource.plural)
        .map(({ event }) => structuredClone(event))
        .filter(({ object }) => selects(selection, object as KubeObject));
      let wake = (): void => {};
      const watcher = {
        plural: resource.plural,
        selection,
        push: (event: WatchEvent<KubeObject>) => {
          queue.push(event);
          wake();
        },
      };
      watchers.add(watcher);
      signal.addEventListener('abort', () => wake(), { once: true });
      try {
        while (!signal.aborted) {
          for (let event = queue.shift(); event; event = queue.shift()) yield event as never;
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (queue.length > 0 || signal.aborted) resolve();
          });
        }
      } finally {
        watchers.delete(watcher);
      }
    },
    raw: async () => ({ status: 200, body: 'ok' }),
  };
  return client;
};

const failure = (code: number, reason: string, message: string): ApiError =>
  new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message });

const selects = ({ namespace, fieldSelector }: Selection, object: KubeObject): boolean => {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const node = /^spec\.nodeName=(.*)$/.exec(fieldSelector ?? '')?.[1];
  return node === undefined || (object as { spec?: { nodeName?: string } }).spec?.nodeName === node;
};

const merge = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(target as object) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
};
