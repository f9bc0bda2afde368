// Delays a key until the caches show the key's last writes, so that no pod is created twice.
//
// The original counts "expectations": creations and deletions that it has not seen yet. Resource versions are more
// exact and work for every kind of write: a cache with version n of a resource has all earlier versions.
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Caches } from './caches.ts';
import type { Written } from './writes.ts';

export interface Unseen {
  add(key: string, written: Written): void;
  /** Whether the caches show all writes of the key. If not, `onSettled` is called when they do. */
  settled(key: string): boolean;
  /** How long the key still waits. A cache may never show a write, e.g. if the object was deleted between two lists. */
  waitLeftMs(key: string): number;
}

export interface UnseenOptions {
  readonly caches: Caches;
  readonly maxWaitMs: number;
  readonly onSettled: (key: string) => void;
}

export const createUnseen = ({ caches, maxWaitMs, onSettled }: UnseenOptions): Unseen => {
  const pending = new Map<string, { readonly written: Written[]; until: number }>();
  const blocked = new Set<string>();
  const newest = new Map<Resource, number>();

  const visible = ({ resource, key, uid, resourceVersion, deleted }: Written): boolean => {
    const cached = caches.of(resource).get(resource.namespaced ? key : { name: key.name });
    const another = cached === undefined || (uid !== undefined && cached.metadata.uid !== uid);
    if (deleted) return another || cached.metadata.deletionTimestamp !== undefined;
    const wanted = Number(resourceVersion ?? 0);
    return versionOf(cached) >= wanted || (newest.get(resource) ?? 0) >= wanted;
  };
  const settled = (key: string): boolean => {
    const waiting = pending.get(key);
    if (!waiting || performance.now() >= waiting.until || waiting.written.every(visible)) {
      pending.delete(key);
      blocked.delete(key);
      return true;
    }
    blocked.add(key);
    return false;
  };
  for (const resource of caches.resources) {
    caches.of(resource).onChange((_, after) => {
      newest.set(resource, Math.max(newest.get(resource) ?? 0, versionOf(after)));
      for (const key of [...blocked]) if (settled(key)) onSettled(key);
    });
  }
  return {
    add: (key, written) => {
      if (!caches.resources.includes(written.resource)) return;
      const waiting = pending.get(key);
      pending.set(key, { written: [...(waiting?.written ?? []), written], until: performance.now() + maxWaitMs });
    },
    settled,
    waitLeftMs: (key) => Math.max(0, (pending.get(key)?.until ?? 0) - performance.now()) + 1,
  };
};

const versionOf = (object: KubeObject | undefined): number => Number(object?.metadata.resourceVersion ?? 0);
