// The definition of a controller: which objects wake it, and a pure function from the caches to writes.
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Key } from '../client/types.ts';
import type { Write } from './writes.ts';

/** The caches of all resources at one moment. Do not change the objects. */
export interface World {
  get<T extends KubeObject>(resource: Resource<T>, key: Key): T | undefined;
  /** All objects, or the objects of one namespace. */
  all<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly T[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Why the last attempt for this key failed, if it did. */
  readonly lastError?: string;
}

export interface Outcome {
  /** Sent in this order. Consecutive writes with the same verb and resource are sent concurrently. */
  readonly writes: readonly Write[];
  /** Reconcile this key again after this time, even without a change. For deadlines and minReadySeconds. */
  readonly againInMs?: number | undefined;
}

export const nothing: Outcome = { writes: [] };

export interface Watch {
  readonly resource: Resource;
  /** The keys to reconcile when this object changes. Called with the object before and after each change. */
  keys(object: KubeObject, world: World): Iterable<string>;
}

export interface Controller {
  /** The source of its Events, as in the original: `replicaset-controller`. */
  readonly name: string;
  readonly watches: readonly Watch[];
  reconcile(key: string, world: World): Outcome;
}

/** Hides the object's type, so that watches of different resources fit in one list. */
export const watch = <T extends KubeObject>(
  resource: Resource<T>,
  keys: (object: T, world: World) => Iterable<string>,
): Watch => ({ resource, keys: (object, world) => keys(object as T, world) });

/** `namespace/name`, or `name`. */
export const parseKey = (key: string): { readonly name: string; readonly namespace: string } => {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key, namespace: '' } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};

/** The earliest of several times. */
export const soonest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};
