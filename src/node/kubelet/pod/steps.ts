// What a plan consists of: the steps that plan.ts computes and worker.ts carries out.
import type { Container } from '../../../api/core-pods.ts';
import type { ContainerRecord, Sandbox } from '../runtime/runtime.ts';

export type Step =
  | { readonly do: 'create-sandbox' }
  | { readonly do: 'start'; readonly container: Container; readonly attempt: number; readonly backoffMs: number }
  /** Announce the end of a container and run its preStop hook. */
  | { readonly do: 'stop'; readonly record: ContainerRecord; readonly graceMs: number; readonly because: string }
  /** Send the stop signal. */
  | { readonly do: 'terminate'; readonly record: ContainerRecord }
  | { readonly do: 'kill'; readonly record: ContainerRecord }
  | { readonly do: 'remove-container'; readonly record: ContainerRecord }
  | { readonly do: 'remove-sandbox'; readonly sandbox: Sandbox }
  /** All containers have ended and the network is gone: delete the pod from the API server. */
  | { readonly do: 'confirm-deleted' }
  /** The pod is gone from the API server: remove its volumes and logs, and end its worker. */
  | { readonly do: 'forget' };

export interface Plan {
  readonly steps: readonly Step[];
  /** Why a container does not run, by container name. The status shows it. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message?: string }>;
  /** Plan again no later than this (milliseconds since the epoch). */
  readonly wakeAt?: number;
}
