// Keeps all objects in memory: reads never touch the disk. A write returns after the revision log on disk has it.
// All methods are synchronous, so a handler that reads, changes and writes without an await needs no lock.
import type { KubeObject } from '../../../api/meta.ts';
import { allResources, events, leases, type Resource } from '../../../api/resources.ts';
import { createHistory, type History, type StoreEvent } from './history.ts';
import type { RevisionLog } from './log.ts';

export interface ObjectKey {
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface Store {
  /** The revision of the last write, which lists carry as their resourceVersion. */
  readonly revision: number;
  get(resource: Resource, key: ObjectKey): KubeObject | undefined;
  /** In the order of namespace and name. Objects are shared: clone an object before you change it. */
  list(resource: Resource, namespace?: string): KubeObject[];
  /** Creates or replaces. @returns the object with its new resourceVersion */
  put(resource: Resource, object: KubeObject): KubeObject;
  /** @returns the object's last state, with the revision of the deletion */
  remove(resource: Resource, object: KubeObject): KubeObject;
  /** The events of one resource. */
  history(resource: Resource): History;
  /** The last states of objects that were deleted and not created again: the newest ones, also after a restart. */
  deleted(resource: Resource): readonly KubeObject[];
  /** `deleted` has the object no longer. @returns whether it had */
  forget(resource: Resource, key: ObjectKey): boolean;
  /** Removes old revisions from the disk. */
  compact(): void;
  close(): void;
}

interface Bucket {
  readonly prefix: string;
  /** Whether deleted objects are remembered. */
  readonly remembers: boolean;
  readonly objects: Map<string, KubeObject>;
  readonly history: History;
  /** The last states of deleted objects, the oldest deletion first. */
  readonly deleted: Map<string, KubeObject>;
  /** The keys in order. Undefined after a key was added or removed. */
  sorted: string[] | undefined;
}

/** This many revisions stay on disk, so that watches can continue after a restart of the server. */
const keptRevisions = 1000;

/** So many deletions of each resource stay, as a record of what there was. */
const keptDeletions = 100;
/** They come and go by themselves. */
const unremembered: ReadonlySet<Resource> = new Set<Resource>([events, leases]);

export const openStore = (log: RevisionLog): Store => {
  const buckets = new Map<string, Bucket>();
  for (const resource of allResources) {
    const prefix = bucketName(resource);
    const history = createHistory(log.compacted);
    const remembers = !unremembered.has(resource);
    buckets.set(prefix, { prefix, remembers, objects: new Map(), history, deleted: new Map(), sorted: undefined });
  }
  const bucketOf = (resource: Resource): Bucket => {
    const bucket = buckets.get(bucketName(resource));
    if (!bucket) throw new Error(`no such resource: ${resource.plural}`);
    return bucket;
  };
  let revision = replay(log, buckets);

  const write = (bucket: Bucket, object: KubeObject, deleted: boolean): KubeObject => {
    const next = revision + 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(next) } };
    const json = JSON.stringify(stored);
    const key = keyOf(stored.metadata);
    log.append({ revision: next, key: `${bucket.prefix}/${key}`, deleted, value: json });
    revision = next;
    bucket.history.record(applyTo(bucket, key, { revision: next, object: stored, json, deleted }));
    return stored;
  };
  return {
    get revision() {
      return revision;
    },
    get: (resource, key) => bucketOf(resource).objects.get(keyOf(key)),
    list: (resource, namespace) => listFrom(bucketOf(resource), namespace),
    put: (resource, object) => write(bucketOf(resource), object, false),
    remove: (resource, object) => write(bucketOf(resource), object, true),
    history: (resource) => bucketOf(resource).history,
    deleted: (resource) => [...bucketOf(resource).deleted.values()],
    forget: (resource, key) => {
      const { deleted } = bucketOf(resource);
      const object = deleted.get(keyOf(key));
      if (!object) return false;
      log.forget(revisionOf(object));
      return deleted.delete(keyOf(key));
    },
    compact: () => {
      const upTo = revision - keptRevisions;
      if (upTo <= log.compacted) return;
      const kept = [...buckets.values()].flatMap(({ deleted }) => [...deleted.values()].map(revisionOf));
      log.compact(upTo, kept);
    },
    close: () => log.close(),
  };
};

const bucketName = ({ group, plural }: Resource): string => (group === '' ? plural : `${group}/${plural}`);

const revisionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);

const keyOf = ({ name, namespace }: ObjectKey): string => (namespace === undefined ? name : `${namespace}/${name}`);

const listFrom = (bucket: Bucket, namespace: string | undefined): KubeObject[] => {
  bucket.sorted ??= [...bucket.objects.keys()].sort();
  const keys = namespace === undefined ? bucket.sorted : bucket.sorted.filter((key) => key.startsWith(`${namespace}/`));
  return keys.flatMap((key) => bucket.objects.get(key) ?? []);
};

interface Applied {
  readonly revision: number;
  readonly object: KubeObject;
  readonly json: string;
  readonly deleted: boolean;
  readonly forgotten?: boolean | undefined;
}

const applyTo = (bucket: Bucket, key: string, applied: Applied): StoreEvent => {
  const { revision, object, json, deleted } = applied;
  const previous = bucket.objects.get(key);
  remember(bucket, key, applied);
  if (deleted) bucket.objects.delete(key);
  else bucket.objects.set(key, object);
  if (deleted || !previous) bucket.sorted = undefined;
  const type = deleted ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED';
  return { revision, type, object, previous, json };
};

const remember = (bucket: Bucket, key: string, { object, deleted, forgotten }: Applied): void => {
  bucket.deleted.delete(key);
  if (!deleted || forgotten || !bucket.remembers) return;
  bucket.deleted.set(key, object);
  const [oldest = ''] = bucket.deleted.keys();
  if (bucket.deleted.size > keptDeletions) bucket.deleted.delete(oldest);
};

/** @returns the newest revision */
const replay = (log: RevisionLog, buckets: ReadonlyMap<string, Bucket>): number => {
  let newest = log.compacted;
  const named = [...buckets.values()];
  for (const { revision, key, deleted, forgotten, value } of log.load()) {
    newest = Math.max(newest, revision);
    const bucket = named.find(({ prefix }) => key.startsWith(`${prefix}/`));
    if (!bucket) continue;
    const object = JSON.parse(value) as KubeObject;
    const name = key.slice(bucket.prefix.length + 1);
    const event = applyTo(bucket, name, { revision, object, json: value, deleted, forgotten });
    if (revision > log.compacted) bucket.history.record(event);
  }
  return newest;
};
