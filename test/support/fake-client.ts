// A client with an API server in memory. Versions, conflicts, finalizers and watches behave as on the real server.

import type { Pod } from '../../src/api/core-pods.ts';
import type { KubeList, KubeObject, WatchEvent } from '../../src/api/meta.ts';
import { apiVersionOf, type Resource } from '../../src/api/resources.ts';
import { timestamp } from '../../src/api/time.ts';
import { definitionOf } from '../../src/node/apiserver/resources/all.ts';
import { ApiError } from '../../src/node/client/error.ts';
import { type Client, type Key, keyOf, type PatchOptions, type Selection } from '../../src/node/client/types.ts';

export interface FakeClient extends Client {
  /** Every write, as `verb Kind namespace/name`, in the order of arrival. */
  readonly log: string[];
  /** The objects of a resource as they are now. */
  objects<T extends KubeObject>(resource: Resource<T>): T[];
  /** Makes the next writes that match fail with this error. */
  refuse(pattern: RegExp, error: Error, times?: number): void;
}

const hasStatus = (resource: Resource): boolean => definitionOf(resource).subresources?.includes('status') ?? false;

type Watcher = (event: WatchEvent<KubeObject>) => void;

export const createFakeClient = (): FakeClient => {
  const stores = new Map<string, Map<string, KubeObject>>();
  const watchers = new Map<string, Set<Watcher>>();
  const history: { kind: string; version: number; event: WatchEvent<KubeObject> }[] = [];
  const refusals: { pattern: RegExp; error: Error; times: number }[] = [];
  const log: string[] = [];
  let version = 0;
  let names = 0;

  const storeOf = (resource: Resource): Map<string, KubeObject> => {
    const store = stores.get(resource.kind) ?? new Map<string, KubeObject>();
    stores.set(resource.kind, store);
    return store;
  };
  const tell = (resource: Resource, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void => {
    const event = structuredClone({ type, object });
    history.push({ kind: resource.kind, version, event });
    for (const watcher of watchers.get(resource.kind) ?? []) watcher(event);
  };
  const note = (verb: string, resource: Resource, { name, namespace }: Partial<Key>): void => {
    const line = `${verb} ${resource.kind} ${namespace === undefined ? '' : `${namespace}/`}${name ?? ''}`;
    log.push(line);
    const refusal = refusals.find(({ pattern, times }) => times > 0 && pattern.test(line));
    if (!refusal) return;
    refusal.times -= 1;
    throw refusal.error;
  };
  const read = (resource: Resource, { name, namespace }: Key): KubeObject => {
    const object = storeOf(resource).get(resource.namespaced ? `${namespace}/${name}` : name);
    if (!object) throw refused(404, 'NotFound', `${resource.plural} "${name}" not found`);
    return object;
  };
  const save = (resource: Resource, before: KubeObject, next: KubeObject): KubeObject => {
    const wanted = next.metadata.resourceVersion;
    if (wanted !== undefined && wanted !== before.metadata.resourceVersion)
      throw refused(409, 'Conflict', `Operation cannot be fulfilled on ${resource.plural} "${before.metadata.name}"`);
    if (next.metadata.uid !== undefined && next.metadata.uid !== before.metadata.uid)
      throw refused(409, 'Conflict', 'uid mismatch');
    const { uid, creationTimestamp, resourceVersion, generation = 1, deletionTimestamp } = before.metadata;
    const kept = { uid, creationTimestamp, ...(deletionTimestamp ? { deletionTimestamp } : {}) };
    const same = { ...next, metadata: { ...next.metadata, ...kept, resourceVersion, generation } } as KubeObject;
    if (JSON.stringify(same) === JSON.stringify(before)) return structuredClone(before);
    const changed = JSON.stringify(specOf(before)) !== JSON.stringify(specOf(next));
    version += 1;
    same.metadata.resourceVersion = String(version);
    same.metadata.generation = changed ? generation + 1 : generation;
    const gone =
      deletionTimestamp !== undefined &&
      (same.metadata.finalizers ?? []).length === 0 &&
      // A namespace goes by its subresource `finalize`.
      resource.kind !== 'Namespace' &&
      !before.metadata.deletionGracePeriodSeconds;
    if (gone) storeOf(resource).delete(keyOf(before));
    else storeOf(resource).set(keyOf(before), same);
    tell(resource, gone ? 'DELETED' : 'MODIFIED', same);
    return structuredClone(same);
  };

  return {
    log,
    objects: <T extends KubeObject>(resource: Resource<T>) => structuredClone([...storeOf(resource).values()]) as T[],
    refuse: (pattern, error, times = 1) => void refusals.push({ pattern, error, times }),
    get: async <T extends KubeObject>(resource: Resource<T>, key: Key) => structuredClone(read(resource, key)) as T,
    list: async <T extends KubeObject>(resource: Resource<T>, { namespace }: Selection = {}): Promise<KubeList<T>> => ({
      apiVersion: apiVersionOf(resource),
      kind: `${resource.kind}List`,
      metadata: { resourceVersion: String(version) },
      items: structuredClone(
        [...storeOf(resource).values()].filter(({ metadata }) => !namespace || metadata.namespace === namespace),
      ) as T[],
    }),
    create: async <T extends KubeObject>(resource: Resource<T>, object: T) => {
      names += 1;
      const { generateName, name = `${generateName}${names.toString(36).padStart(5, 'x')}` } = object.metadata;
      note('create', resource, { ...object.metadata, name });
      const key = resource.namespaced ? `${object.metadata.namespace}/${name}` : name;
      if (storeOf(resource).has(key))
        throw refused(409, 'AlreadyExists', `${resource.plural} "${name}" already exists`);
      version += 1;
      const metadata = {
        ...object.metadata,
        name,
        uid: `uid-${version}`,
        resourceVersion: String(version),
        generation: 1,
        creationTimestamp: timestamp(),
      };
      const created = structuredClone({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...object, metadata });
      storeOf(resource).set(key, created);
      tell(resource, 'ADDED', created);
      return structuredClone(created);
    },
    update: async <T extends KubeObject>(resource: Resource<T>, object: T) => {
      note('update', resource, object.metadata);
      const before = read(resource, object.metadata);
      const status = (before as { status?: unknown }).status;
      const next = hasStatus(resource) ? { ...object, status } : object;
      return save(resource, before, prune(structuredClone(next))) as T;
    },
    updateStatus: async <T extends KubeObject>(resource: Resource<T>, object: T) => {
      note('updateStatus', resource, object.metadata);
      const before = read(resource, object.metadata);
      const { status } = object as { status?: unknown };
      const metadata = { ...before.metadata, resourceVersion: object.metadata.resourceVersion };
      return save(resource, before, prune(structuredClone({ ...before, metadata, status }) as KubeObject)) as T;
    },
    updateSubresource: async <T extends KubeObject>(resource: Resource<T>, object: T) => {
      note('finalize', resource, object.metadata);
      const before = read(resource, object.metadata);
      storeOf(resource).delete(keyOf(before));
      version += 1;
      tell(resource, 'DELETED', { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } });
      return structuredClone(object);
    },
    patch: async <T extends KubeObject>(
      resource: Resource<T>,
      key: Key,
      patch: unknown,
      options: PatchOptions = {},
    ) => {
      note(options.subresource ? `patch ${options.subresource}` : 'patch', resource, key);
      const before = read(resource, key);
      const { resourceVersion: _, ...metadata } = before.metadata;
      const patched = mergePatch({ ...before, metadata }, patch) as KubeObject & { status?: unknown };
      const { status } = before as { status?: unknown };
      const ownStatus = hasStatus(resource);
      const main = ownStatus ? { ...patched, status } : patched;
      const next =
        options.subresource === 'status' ? { ...before, metadata: patched.metadata, status: patched.status } : main;
      return save(resource, before, prune(structuredClone(next))) as T;
    },
    delete: async (resource, key, options = {}) => {
      note('delete', resource, key);
      const before = read(resource, key);
      if (options.uid !== undefined && options.uid !== before.metadata.uid)
        throw refused(409, 'Conflict', 'uid mismatch');
      version += 1;
      const finalizers = [
        ...(before.metadata.finalizers ?? []),
        ...(options.propagationPolicy === 'Foreground' ? ['foregroundDeletion'] : []),
        ...(options.propagationPolicy === 'Orphan' ? ['orphan'] : []),
      ];
      const waits =
        graceOf(resource, before, options.gracePeriodSeconds) > 0 ||
        finalizers.length > 0 ||
        resource.kind === 'Namespace';
      const next = structuredClone(before);
      next.metadata.resourceVersion = String(version);
      if (waits) {
        next.metadata.deletionTimestamp ??= timestamp();
        if (resource.kind === 'Pod') next.metadata.deletionGracePeriodSeconds = 30;
        if (finalizers.length > 0) next.metadata.finalizers = [...new Set(finalizers)];
        storeOf(resource).set(keyOf(before), next);
      } else storeOf(resource).delete(keyOf(before));
      tell(resource, waits ? 'MODIFIED' : 'DELETED', next);
    },
    createSubresource: async (resource, key, subresource, body) => {
      note(subresource, resource, key);
      if (subresource !== 'binding') throw refused(404, 'NotFound', 'the server could not find the requested resource');
      const before = read(resource, key) as Pod;
      if (before.spec.nodeName) throw refused(409, 'Conflict', `pod ${key.name} is already assigned to node`);
      const nodeName = (body as { target: { name: string } }).target.name;
      const scheduled = { type: 'PodScheduled', status: 'True' as const };
      const others = (before.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
      const { resourceVersion: _, ...metadata } = before.metadata;
      const status = { ...before.status, conditions: [...others, scheduled] };
      save(resource, before, { ...before, metadata, spec: { ...before.spec, nodeName }, status } as KubeObject);
    },
    async *watch<T extends KubeObject>(
      resource: Resource<T>,
      options: { resourceVersion: string; signal: AbortSignal },
    ) {
      const from = Number(options.resourceVersion);
      const queue = history
        .filter(({ kind, version: at }) => kind === resource.kind && at > from)
        .map(({ event }) => event);
      let wake: (() => void) | undefined;
      const watcher: Watcher = (event) => {
        queue.push(event);
        wake?.();
      };
      const set = watchers.get(resource.kind) ?? new Set();
      watchers.set(resource.kind, set.add(watcher));
      options.signal.addEventListener('abort', () => wake?.(), { once: true });
      try {
        while (!options.signal.aborted) {
          const event = queue.shift();
          if (event) yield structuredClone(event) as WatchEvent<T>;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        set.delete(watcher);
      }
    },
    raw: async () => ({ status: 200, body: 'ok' }),
  };
};

const refused = (code: number, reason: string, message: string): ApiError =>
  new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });

const specOf = (object: KubeObject): unknown => {
  const { metadata: _, status: __, ...rest } = object as KubeObject & { status?: unknown };
  return rest;
};

/** Removes fields whose value is undefined, as JSON does. */
const prune = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** The grace period in seconds. With 0, the object is deleted at once: objects other than pods, and unbound pods. */
const graceOf = (resource: Resource, object: KubeObject, grace: number | undefined): number => {
  if (resource.kind !== 'Pod' || !(object as Pod).spec.nodeName) return 0;
  return grace ?? (object as Pod).spec.terminationGracePeriodSeconds ?? 30;
};

/** RFC 7396. */
const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
};
