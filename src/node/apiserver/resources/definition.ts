// Everything that the API server knows about one resource. Each resource has a file here, and all.ts lists them.
// The hooks are methods, because TypeScript refuses a Definition<Pod> as a Definition if hooks are properties.
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { IpAllocator } from '../allocation/ip-allocator.ts';
import type { PortAllocator } from '../allocation/port-allocator.ts';
import type { User } from '../exchange/user.ts';
import type { Store } from '../store/store.ts';
import type { FieldError } from '../validation/field.ts';
import type { Subresource } from './subresources.ts';

/** What a write may use: the store, the allocators and the log. */
export interface AdmissionContext {
  readonly store: Store;
  readonly clusterIps: IpAllocator;
  readonly nodePorts: PortAllocator;
  readonly logger: Logger;
}

/** What `kubectl explain` says: by type (`core.v1.PodSpec`) and field. The key `''` explains the type itself. */
export type Explanations = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The table that `kubectl get` prints. */
interface Printing<T> {
  /** Kubernetes' column names. A column with a leading `?` is only in wide tables (`-o wide`). */
  readonly columns: readonly string[];
  /** One row. The cells come in the order of the columns. */
  cells(object: T): unknown[];
}

/** What is special about writing the resource. Hooks may change `object` and `next`, not `current` and `created`. */
interface Strategy<T> {
  /** Fills in what the client left out, on create and on update. */
  setDefaults?(object: T): void;
  /** Sets initial values of a new object, whatever the client sent. @throws StatusError to refuse the object */
  prepareCreate?(object: T, context: AdmissionContext & { readonly user?: User | undefined }): void;
  /** Restores the fields that an update may not change. */
  prepareUpdate?(next: T, current: T): void;
  /** Refuses or warns of an object that breaks a policy. `current` is undefined on create. @throws StatusError */
  admit?(object: T, current: T | undefined, context: AdmissionContext & { readonly warn: Warn }): void;
  /** The problems of a name. Without this hook, a name must be a DNS subdomain. */
  nameProblems?(name: string): string[];
  validate?(object: T): FieldError[];
  /** Further problems of a new object. */
  validateCreate?(object: T): FieldError[];
  validateUpdate?(next: T, current: T): FieldError[];
  /** The problems of a write to the subresource `status`. */
  validateStatusUpdate?(next: T, current: T): FieldError[];
  /** Metadata that a write to the subresource `status` does not change. It may change the other metadata. */
  readonly statusKeeps?: readonly ('labels' | 'ownerReferences')[];
  /** The subresources that write one part of the object. */
  readonly parts?: Partial<Record<Subresource, PartStrategy<T>>>;
  /** Sets addresses and ports. Runs after validation; `current` is undefined on create. */
  allocate?(next: T, current: T | undefined, context: AdmissionContext): FieldError[];
  /** Runs after a new object was stored. `create` stores a further object unless it exists. */
  afterCreate?(created: T, context: AdmissionContext & { readonly create: Create }): void;
  /** `metadata.generation` counts changes of the spec. */
  readonly countsGenerations?: boolean;
  /** New objects are also accepted in a namespace that is being deleted. */
  readonly outlivesNamespace?: boolean;
}

/** How a subresource writes one part of an object. */
export interface PartStrategy<T> {
  /** @returns a copy of `current` with the part of `given` */
  take(given: T, current: T): T;
  validate(next: T, current: T): FieldError[];
}

/** Sends a warning to the client. */
export type Warn = (text: string) => void;

export type Create = <T extends KubeObject>(resource: Resource<T>, object: T) => void;

/** What is special about deleting the resource. */
interface Deletion<T> {
  /** The reason why this object may not be deleted. Undefined when it may be deleted. */
  refuseDelete?(object: T): string | undefined;
  /** The grace period in seconds. Without this hook, the object is removed at once. */
  gracePeriod?(object: T, requested: number | undefined): number;
  /** Changes an object when it is marked as deleted. */
  prepareDelete?(object: T): void;
  /** DELETE answers with the deleted object. Otherwise DELETE answers with a Status. */
  readonly answersWithObject?: boolean;
}

export interface Definition<T extends KubeObject = KubeObject> extends Printing<T>, Strategy<T>, Deletion<T> {
  readonly resource: Resource<T>;
  readonly categories?: readonly string[];
  /** With `status`, the status is written through this subresource only. */
  readonly subresources?: readonly Subresource[];
  /** Fields for field selectors, besides metadata.name and metadata.namespace. */
  readonly fieldSelectors?: readonly string[];
  readonly explanations?: Explanations;
}
