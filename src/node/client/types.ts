// The port to the API server. All components use these types; tests pass a fake.
import type { KubeList, KubeObject, WatchEvent } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';

export interface Key {
  readonly name: string;
  /** Absent for cluster-scoped resources. */
  readonly namespace?: string;
}

export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** Typed verbs of the Kubernetes API. All reject with `ApiError` when the server refuses the request. */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, key: Key): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, selection?: Selection): Promise<KubeList<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  /** Replaces the object. The server refuses with 409 if `metadata.resourceVersion` is set and stale. */
  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, key: Key, patch: unknown, options?: PatchOptions): Promise<T>;
  delete<T extends KubeObject>(resource: Resource<T>, key: Key, options?: DeleteOptions): Promise<void>;
  /** PUT to a subresource other than `status`, such as a namespace's `finalize`. */
  updateSubresource<T extends KubeObject>(resource: Resource<T>, object: T, subresource: 'finalize'): Promise<T>;
  /** POST to a subresource such as `binding`. @returns the body of the answer */
  createSubresource<T extends KubeObject>(
    resource: Resource<T>,
    key: Key,
    subresource: string,
    body: unknown,
  ): Promise<unknown>;
  /** Ends when the server ends it or the signal aborts. @throws ApiError 410 if the resource version is too old */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** GET of any path, for paths without a typed verb (`/version`, `/healthz`). */
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
  /** The server ends the watch regularly after this time. */
  readonly timeoutSeconds?: number;
}

/** A list+watch cache of one resource. Level-triggered: read the state, do not collect events. */
export interface Informer<T extends KubeObject> {
  /** By `namespace/name` (or `name`). Treat the objects as frozen. */
  readonly items: ReadonlyMap<string, T>;
  get(key: Key): T | undefined;
  /** Called after the cache changed. `before` is absent for a new object, `after` for a deleted one. */
  onChange(handler: (before: T | undefined, after: T | undefined) => void): void;
  /** Resolves when the handlers have received the first complete list. */
  readonly synced: Promise<void>;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export const keyOf = ({ metadata }: KubeObject): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
