// What to do next for one pod: what it should be, against what exists. Pure; the worker carries the steps out.
import type { Container, Pod } from '../../../api/core.ts';
import { normaliseReference } from '../../../api/images.ts';
import type { ContainerRecord, Sandbox } from '../runtime/runtime.ts';

/** What the probes of a running container say so far. */
export interface ProbeState {
  readonly started: boolean;
  readonly ready: boolean;
  /** Set when liveness or startup probe gave up on it: the container must be restarted. */
  readonly failed?: 'liveness' | 'startup';
}

/** A container that was told to stop. */
export interface Stopping {
  readonly since: number;
  readonly killed: boolean;
}

/** A container that can't be started for now. */
export interface Blocked {
  readonly reason: string;
  readonly message: string;
  readonly retryAt: number;
  /** How often in a row. */
  readonly failures?: number;
}

/** Everything that is known about one pod. Times are milliseconds since the epoch. */
export interface PodView {
  readonly pod: Pod;
  /** The API server no longer has it. */
  readonly removed: boolean;
  readonly sandbox?: Sandbox;
  /** False when somebody took the sandbox's network away. */
  readonly sandboxIntact: boolean;
  /** All of the pod's, oldest first. */
  readonly containers: readonly ContainerRecord[];
  readonly probes: ReadonlyMap<string, ProbeState>;
  readonly stopping: ReadonlyMap<string, Stopping>;
  /** By container name. */
  readonly blocked: ReadonlyMap<string, Blocked>;
  /** By container name: how long the next restart waits after the container ended. */
  readonly backoff: ReadonlyMap<string, number>;
  readonly now: number;
}

export type Step =
  | { readonly do: 'create-sandbox' }
  | { readonly do: 'start'; readonly container: Container; readonly attempt: number; readonly backoffMs: number }
  | { readonly do: 'stop'; readonly record: ContainerRecord; readonly graceMs: number; readonly because: string }
  | { readonly do: 'kill'; readonly record: ContainerRecord }
  | { readonly do: 'remove-container'; readonly record: ContainerRecord }
  | { readonly do: 'remove-sandbox'; readonly sandbox: Sandbox }
  /** All has ended and the network is gone: the API server may forget the pod. */
  | { readonly do: 'confirm-deleted' }
  /** Nothing is left to do, ever: volumes and logs go. */
  | { readonly do: 'forget' };

export interface Plan {
  readonly steps: readonly Step[];
  /** Why containers don't run, by name, as their status says it. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message?: string }>;
  /** Plan again no later than this. */
  readonly wakeAt?: number;
}

/** CrashLoopBackOff: doubles from 10 s to 5 min; forgotten once a container ran for 10 min. */
export const restartBackoff = { firstMs: 10_000, maxMs: 300_000, resetMs: 600_000 } as const;
/** How long a pod that was deleted by force has to end. */
const forcedGraceMs = 2000;

export const planPod = (view: PodView): Plan => {
  const { pod } = view;
  if (view.removed || pod.metadata.deletionTimestamp !== undefined) return planEnd(view, deletionGrace(view));
  if (isFinished(view)) return planFinished(view);
  if (view.sandbox && !view.sandboxIntact) return planLostSandbox(view);
  return planRun(view);
};

/** The newest container of that name in the current sandbox. */
export const currentContainer = (view: PodView, name: string): ContainerRecord | undefined =>
  view.containers.findLast((record) => record.name === name && record.sandboxId === view.sandbox?.id);

/** Whether the pod ran to its end: nothing of it will be started again. */
export const isFinished = (view: PodView): boolean => finalPhase(view) !== undefined;

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

const planRun = (view: PodView): Plan => {
  const { pod, sandbox } = view;
  const builder = new PlanBuilder(view);
  if (!sandbox) {
    builder.push({ do: 'create-sandbox' });
    return builder.plan();
  }
  for (const container of pod.spec.initContainers ?? []) {
    const current = currentContainer(view, container.name);
    if (current?.exit?.code === 0) continue;
    builder.consider(container, current, pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure');
    return builder.plan();
  }
  for (const container of pod.spec.containers) {
    builder.consider(container, currentContainer(view, container.name), pod.spec.restartPolicy ?? 'Always');
  }
  builder.pruneHistory();
  return builder.plan();
};

class PlanBuilder {
  readonly #view: PodView;
  readonly #steps: Step[] = [];
  readonly #waiting = new Map<string, { reason: string; message?: string }>();
  #wakeAt: number | undefined;

  constructor(view: PodView) {
    this.#view = view;
  }

  push(step: Step): void {
    this.#steps.push(step);
  }

  plan(): Plan {
    return {
      steps: this.#steps,
      waiting: this.#waiting,
      ...(this.#wakeAt === undefined ? {} : { wakeAt: this.#wakeAt }),
    };
  }

  /** Starts, restarts, or stops one container, or says why it waits. */
  consider(container: Container, current: ContainerRecord | undefined, policy: string): void {
    if (!current) this.#start(container, nextAttempt(this.#view, container), 0);
    else if (!current.exit) this.#watchOver(container, current);
    else if (policy === 'Always' || (policy === 'OnFailure' && current.exit.code !== 0)) {
      this.#restart(container, current);
    }
  }

  /** Stops a container; once its time is over, kills it. */
  end(record: ContainerRecord, graceMs: number, because: string): void {
    const stopping = this.#view.stopping.get(record.id);
    if (!stopping) this.push({ do: 'stop', record, graceMs, because });
    const killAt = (stopping?.since ?? this.#view.now) + graceMs;
    if (stopping && !stopping.killed && this.#view.now >= killAt) this.push({ do: 'kill', record });
    else if (!stopping?.killed) this.wake(killAt);
  }

  wake(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt ?? at, at);
  }

  /** Of each container, the last and the one before it stay, for `lastState` and `logs --previous`. */
  pruneHistory(): void {
    for (const name of new Set(this.#view.containers.map((record) => record.name))) {
      const ended = this.#view.containers.filter((record) => record.name === name);
      for (const record of ended.slice(0, -2)) if (record.exit) this.push({ do: 'remove-container', record });
    }
  }

  #start(container: Container, attempt: number, backoffMs: number): void {
    const blocked = this.#view.blocked.get(container.name);
    if (blocked) this.#waiting.set(container.name, { reason: blocked.reason, message: blocked.message });
    if (blocked && blocked.retryAt > this.#view.now) this.wake(blocked.retryAt);
    else this.push({ do: 'start', container, attempt, backoffMs });
  }

  #restart(container: Container, ended: ContainerRecord): void {
    const { pod, now } = this.#view;
    const finished = Date.parse(ended.exit?.finishedAt ?? '');
    const ranLong = finished - Date.parse(ended.startedAt) > restartBackoff.resetMs;
    const delay = ranLong ? 0 : (this.#view.backoff.get(container.name) ?? 0);
    if (finished + delay > now) {
      const text = `back-off ${formatDelay(delay)} restarting failed container=${container.name}`;
      const { name, namespace = 'default', uid = '' } = pod.metadata;
      this.#waiting.set(container.name, {
        reason: 'CrashLoopBackOff',
        message: `${text} pod=${name}_${namespace}(${uid})`,
      });
      this.wake(finished + delay);
      return;
    }
    const next = delay === 0 ? restartBackoff.firstMs : Math.min(delay * 2, restartBackoff.maxMs);
    this.#start(container, ended.attempt + 1, next);
  }

  #watchOver(container: Container, current: ContainerRecord): void {
    const graceMs = gracePeriod(this.#view.pod);
    const failed = this.#view.probes.get(current.id)?.failed;
    const because =
      failed !== undefined
        ? `Container ${container.name} failed ${failed} probe, will be restarted`
        : current.image !== normaliseReference(container.image)
          ? `Container ${container.name} definition changed, will be restarted`
          : undefined;
    if (because !== undefined || this.#view.stopping.has(current.id)) this.end(current, graceMs, because ?? '');
  }
}

/** Ends everything, then the network, then tells the API server. */
const planEnd = (view: PodView, graceMs: number): Plan => {
  const builder = new PlanBuilder(view);
  const running = view.containers.filter(({ exit }) => !exit);
  for (const record of running) builder.end(record, graceMs, `Stopping container ${record.name}`);
  if (running.length > 0) return builder.plan();
  if (view.sandbox) builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
  builder.push({ do: view.removed ? 'forget' : 'confirm-deleted' });
  return builder.plan();
};

/** A pod that ran to its end gives its address back; its containers' records and logs stay. */
const planFinished = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const running = view.containers.filter(({ exit }) => !exit);
  for (const record of running) builder.end(record, gracePeriod(view.pod), `Stopping container ${record.name}`);
  if (running.length === 0 && view.sandbox) builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
  return builder.plan();
};

const planLostSandbox = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const running = view.containers.filter(({ exit }) => !exit);
  for (const record of running)
    builder.end(record, forcedGraceMs, 'Pod sandbox changed, it will be killed and re-created.');
  if (running.length === 0 && view.sandbox) {
    builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
    builder.push({ do: 'create-sandbox' });
  }
  return builder.plan();
};

/** Goes on from earlier containers, or from what the API server remembers of those that a node's restart swept away. */
const nextAttempt = ({ containers, pod }: PodView, { name }: Container): number => {
  const earlier = containers.findLast((record) => record.name === name);
  if (earlier) return earlier.attempt + 1;
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses].find((candidate) => candidate.name === name);
  return status?.containerID ? status.restartCount + 1 : 0;
};

const gracePeriod = ({ spec }: Pod): number => (spec.terminationGracePeriodSeconds ?? 30) * 1000;

const deletionGrace = ({ pod, removed }: PodView): number => {
  if (removed && pod.metadata.deletionTimestamp === undefined) return forcedGraceMs;
  const seconds = pod.metadata.deletionGracePeriodSeconds;
  return seconds === undefined ? gracePeriod(pod) : Math.max(seconds * 1000, removed ? forcedGraceMs : 0);
};

/** As Go prints a duration: `10s`, `1m20s`, `5m0s`. */
const formatDelay = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
};
