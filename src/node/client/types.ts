// The port to the API server that all components are written against.
import type { KubeList, KubeObject, WatchEvent } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';

export interface Key {
  readonly name: string;
  /** Left out for cluster-scoped resources. */
  readonly namespace?: string;
}

export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** Typed verbs on the Kubernetes API. All reject with `ApiError` when the server answers with a Status. */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, key: Key): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, selection?: Selection): Promise<KubeList<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  /** Replaces; refused with 409 when `metadata.resourceVersion` is set and stale. */
  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, key: Key, patch: unknown, options?: PatchOptions): Promise<T>;
  delete<T extends KubeObject>(resource: Resource<T>, key: Key, options?: DeleteOptions): Promise<void>;
  /** PUT to a subresource other than `status`, such as a namespace's `finalize`. */
  updateSubresource<T extends KubeObject>(resource: Resource<T>, object: T, subresource: 'finalize'): Promise<T>;
  /** POST to a subresource such as `binding`. */
  createSubresource<T extends KubeObject>(
    resource: Resource<T>,
    key: Key,
    subresource: string,
    body: unknown,
  ): Promise<void>;
  /** Ends when the server ends it or the signal aborts. A gone resource version throws `ApiError` 410. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** GET of any path, for what has no typed verb (`/version`, `/healthz`). */
  raw(path: string): Promise<{ status: number; body: string; retryAfterMs?: number }>;
}

export interface PatchOptions {
  readonly type?: PatchType;
  readonly subresource?: 'status' | 'scale';
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  readonly allowBookmarks?: boolean;
  /** After so long the server ends the watch in good order. */
  readonly timeoutSeconds?: number;
}

/** A list+watch cache of one resource. Level-triggered: read the state, not the events. */
export interface Informer<T extends KubeObject> {
  /** By `namespace/name` (or `name`). Treat the objects as frozen. */
  readonly items: ReadonlyMap<string, T>;
  get(key: Key): T | undefined;
  /** Called after the cache changed. `before` is absent for a new object, `after` for a deleted one. */
  onChange(handler: (before: T | undefined, after: T | undefined) => void): void;
  /** Resolves after the first complete list was delivered. */
  readonly synced: Promise<void>;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export const keyOf = ({ metadata }: KubeObject): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
