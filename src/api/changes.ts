// What has changed in a lab, for those who wait for it.

export interface ChangesParams {
  /** The version of the last answer. 0: no answer yet; then the call waits only until all is watched. */
  readonly since: number;
  /** Waits for a change at most this long. */
  readonly waitMs: number;
  readonly machines: readonly { readonly machine: string; readonly pid: number }[];
  /** Paths of lists of the API server, e.g. `/api/v1/services`. */
  readonly objects: readonly string[];
  readonly files: readonly { readonly machine: string; readonly pid: number; readonly path: string }[];
}

export interface Changes {
  readonly version: number;
  /** All that changed after `since`, each once. */
  readonly changed: readonly Change[];
}

export type Change =
  /** In any network namespace of the machine. */
  | { readonly kind: 'kernel'; readonly machine: string; readonly what: KernelPart }
  /** `first`: is only now watched, so it may have changed since it was read. */
  | { readonly kind: 'objects'; readonly path: string; readonly first?: true }
  | { readonly kind: 'file'; readonly machine: string; readonly path: string; readonly first?: true }
  /** The machine has stopped, or was restarted. */
  | { readonly kind: 'gone'; readonly machine: string }
  /** Time to try again what did not succeed: not everything that can mend it is announced. */
  | { readonly kind: 'retry' }
  /** Something may have gone unnoticed. */
  | { readonly kind: 'all' };

/** `processes`: one has begun or ended; `stopped`: a signal has stopped one, or it goes on. */
export const kernelParts = ['rules', 'links', 'routes', 'sysctls', 'listeners', 'processes', 'stopped'] as const;
export type KernelPart = (typeof kernelParts)[number];
