// What a controller is: which objects wake it, and a pure function from what it sees to what it writes.
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Key } from '../client/types.ts';
import type { Write } from './writes.ts';

/** The caches of all resources at one moment. Treat the objects as frozen. */
export interface World {
  get<T extends KubeObject>(resource: Resource<T>, key: Key): T | undefined;
  /** All objects, or those of a namespace. */
  all<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly T[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Why the last attempt for this key failed, if it did. */
  readonly lastError?: string;
}

export interface Outcome {
  /** In order; neighbours with the same verb and resource are sent side by side. */
  readonly writes: readonly Write[];
  /** Look at this key again by then, also when nothing changes: deadlines, minReadySeconds. */
  readonly againInMs?: number | undefined;
}

export const nothing: Outcome = { writes: [] };

export interface Watch {
  readonly resource: Resource;
  /** The keys that an object concerns; asked for its state before and after each change. */
  keys(object: KubeObject, world: World): Iterable<string>;
}

export interface Controller {
  /** As in the original's events: `replicaset-controller`. */
  readonly name: string;
  readonly watches: readonly Watch[];
  reconcile(key: string, world: World): Outcome;
}

/** Keeps the object's type inside of the function that reads it. */
export const watch = <T extends KubeObject>(
  resource: Resource<T>,
  keys: (object: T, world: World) => Iterable<string>,
): Watch => ({ resource, keys: (object, world) => keys(object as T, world) });

/** `namespace/name`, or `name`. */
export const parseKey = (key: string): { readonly name: string; readonly namespace: string } => {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key, namespace: '' } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};

/** The soonest of several times to look again. */
export const soonest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};
