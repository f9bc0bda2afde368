// The input from which the plan and the status of one pod are computed. Pure.
import type { Pod } from '../../../api/core-pods.ts';
import type { ProbeState } from '../probe/prober.ts';
import type { ContainerRecord, Sandbox } from '../runtime/runtime.ts';

export type FinalPhase = 'Succeeded' | 'Failed';

/** A container that was told to stop. */
export interface Stopping {
  readonly since: number;
  /** When the container got its stop signal. */
  readonly signalledAt?: number;
  readonly killed: boolean;
}

/** Why a container could not be started, and when to try again. */
export interface Blocked {
  readonly reason: string;
  readonly message: string;
  readonly retryAt: number;
  /** The number of failed starts in a row. */
  readonly failures?: number;
}

/** Why the kubelet ends a pod that could run: the node rejects or evicts it, or its deadline is over. */
export interface Failure {
  /** Of the pod's status and of the event. */
  readonly reason: string;
  readonly message: string;
  readonly event: string;
  /** Of the event. Default: `Warning`. */
  readonly type?: 'Normal';
  /** The pod could run elsewhere: it gets the condition DisruptionTarget. */
  readonly isDisruption?: boolean;
  /** The time that the containers have to end. Default: the pod's grace period. */
  readonly graceMs?: number;
}

/** One look at a pod. Times are milliseconds since the epoch. */
export interface PodView {
  readonly pod: Pod;
  /** The pod is gone from the API server. */
  readonly removed: boolean;
  /** The final phase that an earlier look found. It stays when the API server shows an older object. */
  readonly ended?: FinalPhase;
  readonly failure?: Failure;
  readonly sandbox?: Sandbox;
  /** False when somebody deleted the sandbox's network namespace. */
  readonly sandboxIntact: boolean;
  /** The containers of all sandboxes that the pod had, the oldest first. */
  readonly containers: readonly ContainerRecord[];
  /** By container id. */
  readonly probes: ReadonlyMap<string, ProbeState>;
  /** By container id. */
  readonly stopping: ReadonlyMap<string, Stopping>;
  /** The postStart hooks that run, or have failed. By container id. */
  readonly postStart: ReadonlyMap<string, 'running' | 'failed'>;
  /** The ids of containers whose preStop hook runs. */
  readonly preStop: ReadonlySet<string>;
  /** By container name. */
  readonly blocked: ReadonlyMap<string, Blocked>;
  readonly now: number;
}
