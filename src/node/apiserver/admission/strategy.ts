// What one resource does differently when it is written. The table of all of them is in strategies.ts.
import type { KubeObject } from '../../../api/meta.ts';
import type { Store } from '../store/store.ts';
import type { FieldError } from './field.ts';
import type { IpAllocator } from './ip-allocator.ts';
import type { PortAllocator } from './port-allocator.ts';

/** What admission may look at and draw from. */
export interface AdmissionContext {
  readonly store: Store;
  readonly clusterIps: IpAllocator;
  readonly nodePorts: PortAllocator;
}

/** All hooks get a private copy and may change it. */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Fills in what is left out, on create and on update. */
  readonly setDefaults?: (object: T) => void;
  /** Sets what a new object starts with, whatever the client sent. */
  readonly prepareCreate?: (object: T, context: AdmissionContext) => void;
  /** Carries over what an update may not touch. */
  readonly prepareUpdate?: (next: T, current: T) => void;
  readonly validate?: (object: T) => FieldError[];
  readonly validateUpdate?: (next: T, current: T) => FieldError[];
  /** Draws addresses and ports; errors leave nothing drawn. Skipped on dry runs' commit: see `release`. */
  readonly allocate?: (next: T, current: T | undefined, context: AdmissionContext) => FieldError[];
  /** The status is written through its own subresource. */
  readonly hasStatus?: boolean;
  /** `metadata.generation` counts changes of the spec. */
  readonly hasGeneration?: boolean;
}
