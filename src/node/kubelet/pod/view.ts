// The input from which the plan and the status of one pod are computed. Pure.
import type { Container, Pod } from '../../../api/core.ts';
import type { ProbeState } from '../probe/prober.ts';
import type { ContainerRecord, Sandbox } from '../runtime/runtime.ts';

/** A container that was told to stop. */
export interface Stopping {
  readonly since: number;
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

/** One look at a pod. Times are milliseconds since the epoch. */
export interface PodView {
  readonly pod: Pod;
  /** The pod is gone from the API server. */
  readonly removed: boolean;
  readonly sandbox?: Sandbox;
  /** False when somebody deleted the sandbox's network namespace. */
  readonly sandboxIntact: boolean;
  /** The containers of all sandboxes that the pod had, the oldest first. */
  readonly containers: readonly ContainerRecord[];
  /** By container id. */
  readonly probes: ReadonlyMap<string, ProbeState>;
  /** By container id. */
  readonly stopping: ReadonlyMap<string, Stopping>;
  /** By container name. */
  readonly blocked: ReadonlyMap<string, Blocked>;
  /** By container name: the pause between the container's end and its next restart, in milliseconds. */
  readonly backoff: ReadonlyMap<string, number>;
  readonly now: number;
}

/** The newest container of this name in the current sandbox. */
export const currentContainer = (view: PodView, name: string): ContainerRecord | undefined =>
  view.containers.findLast((record) => record.name === name && record.sandboxId === view.sandbox?.id);

/** @returns the phase in which the pod ended, or undefined while its containers run or may run again */
export const finalPhase = (view: PodView): 'Succeeded' | 'Failed' | undefined => {
  const { pod } = view;
  const { phase } = pod.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return phase;
  const { restartPolicy = 'Always', initContainers = [], containers } = pod.spec;
  if (restartPolicy === 'Always') return undefined;
  const exitOf = ({ name }: Container) => currentContainer(view, name)?.exit?.code;
  if (restartPolicy === 'Never' && initContainers.some((container) => (exitOf(container) ?? 0) !== 0)) return 'Failed';
  const exits = containers.map(exitOf);
  if (!exits.every((code) => code !== undefined)) return undefined;
  if (exits.every((code) => code === 0)) return 'Succeeded';
  return restartPolicy === 'Never' ? 'Failed' : undefined;
};
