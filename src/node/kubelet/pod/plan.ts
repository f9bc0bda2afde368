// Computes the next steps for one pod from its spec and its containers. Pure; worker.ts carries the steps out.
import type { Container, Pod } from '../../../api/core.ts';
import { normaliseReference } from '../../../api/images.ts';
import { formatGoDuration } from '../../../kit/duration.ts';
import type { ContainerRecord, Sandbox } from '../runtime/runtime.ts';
import { currentContainer, finalPhase, isNetworkLost, isSpent, knownStatus, lastExitCode } from './runs.ts';
import type { PodView } from './view.ts';

export type Step =
  | { readonly do: 'create-sandbox' }
  | { readonly do: 'start'; readonly container: Container; readonly attempt: number; readonly backoffMs: number }
  | { readonly do: 'stop'; readonly record: ContainerRecord; readonly graceMs: number; readonly because: string }
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

/** The back-off doubles from 10 s to 5 min. It starts again from 0 after a container ran for 10 min. */
export const restartBackoff = { firstMs: 10_000, maxMs: 300_000, resetMs: 600_000 } as const;
/** The time that containers have to end when the pod was deleted by force or lost its network. */
const forcedGraceMs = 2000;

export const planPod = (view: PodView): Plan => {
  const { pod } = view;
  if (view.removed || pod.metadata.deletionTimestamp !== undefined) return planDeletion(view);
  if (finalPhase(view) !== undefined) return planFinished(view);
  if (isNetworkLost(view)) return planLostNetwork(view);
  return planRun(view);
};

/** Starts what should run: the sandbox, then one init container after the other, then all other containers. */
const planRun = (view: PodView): Plan => {
  const { pod, sandbox } = view;
  const builder = new PlanBuilder(view);
  if (!sandbox) {
    builder.push({ do: 'create-sandbox' });
    return builder.plan();
  }
  for (const container of pod.spec.initContainers ?? []) {
    if (hasInitialised(view, container)) continue;
    builder.consider(container, 'OnFailure');
    return builder.plan();
  }
  for (const container of pod.spec.containers) builder.consider(container, pod.spec.restartPolicy ?? 'Always');
  builder.pruneHistory();
  return builder.plan();
};

const hasInitialised = (view: PodView, { name }: Container): boolean =>
  (isSpent(view, name) ? lastExitCode(view, name) : currentContainer(view, name)?.exit?.code) === 0;

/** Ends the containers, then removes the network, then deletes the pod from the API server. */
const planDeletion = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const ended = builder.endAll(deletionGrace(view), (name) => `Stopping container ${name}`);
  if (!ended) return builder.plan();
  if (view.sandbox) builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
  builder.push({ do: view.removed ? 'forget' : 'confirm-deleted' });
  return builder.plan();
};

/** A finished pod releases its address. The records and logs of its containers stay. */
const planFinished = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const ended = builder.endAll(gracePeriod(view.pod), (name) => `Stopping container ${name}`);
  if (ended && view.sandbox) builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
  return builder.plan();
};

/** After their end, the containers start again in a new sandbox. */
const planLostNetwork = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const ended = builder.endAll(forcedGraceMs, () => 'Pod sandbox changed, it will be killed and re-created.');
  if (ended && view.sandbox) {
    builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
    builder.push({ do: 'create-sandbox' });
  }
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

  /** Starts, restarts or stops one container, or notes why it waits. */
  consider(container: Container, policy: 'Always' | 'OnFailure' | 'Never'): void {
    if (isSpent(this.#view, container.name)) return;
    const current = currentContainer(this.#view, container.name);
    if (!current) this.#start(container, nextAttempt(this.#view, container), 0);
    else if (!current.exit) this.#checkRunning(container, current);
    else if (policy === 'Always' || (policy === 'OnFailure' && current.exit.code !== 0)) {
      this.#restart(container, current);
    }
  }

  /** Stops every running container. @returns true when no container is running */
  endAll(graceMs: number, because: (name: string) => string): boolean {
    const running = this.#view.containers.filter(({ exit }) => !exit);
    for (const record of running) this.#end(record, graceMs, because(record.name));
    return running.length === 0;
  }

  /** Keeps the last two records of each container: `lastState` and `logs --previous` need them. */
  pruneHistory(): void {
    for (const name of new Set(this.#view.containers.map((record) => record.name))) {
      const records = this.#view.containers.filter((record) => record.name === name);
      for (const record of records.slice(0, -2)) if (record.exit) this.push({ do: 'remove-container', record });
    }
  }

  /** Stops a container, and kills it when its grace period is over. */
  #end(record: ContainerRecord, graceMs: number, because: string): void {
    const stopping = this.#view.stopping.get(record.id);
    if (!stopping) this.push({ do: 'stop', record, graceMs, because });
    const killAt = (stopping?.since ?? this.#view.now) + graceMs;
    if (stopping && !stopping.killed && this.#view.now >= killAt) this.push({ do: 'kill', record });
    else if (!stopping?.killed) this.#wake(killAt);
  }

  #wake(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt ?? at, at);
  }

  #start(container: Container, attempt: number, backoffMs: number): void {
    const blocked = this.#view.blocked.get(container.name);
    if (blocked) this.#waiting.set(container.name, { reason: blocked.reason, message: blocked.message });
    if (blocked && blocked.retryAt > this.#view.now) this.#wake(blocked.retryAt);
    else this.push({ do: 'start', container, attempt, backoffMs });
  }

  #restart(container: Container, ended: ContainerRecord): void {
    const finished = Date.parse(ended.exit?.finishedAt ?? '');
    const ranLong = finished - Date.parse(ended.startedAt) > restartBackoff.resetMs;
    const delay = ranLong ? 0 : ended.backoffMs;
    if (finished + delay > this.#view.now) {
      const message = backoffMessage(this.#view.pod, container, delay);
      this.#waiting.set(container.name, { reason: 'CrashLoopBackOff', message });
      this.#wake(finished + delay);
      return;
    }
    const next = delay === 0 ? restartBackoff.firstMs : Math.min(delay * 2, restartBackoff.maxMs);
    this.#start(container, ended.attempt + 1, next);
  }

  #checkRunning(container: Container, current: ContainerRecord): void {
    const because = this.#reasonToEnd(container, current);
    if (because !== undefined || this.#view.stopping.has(current.id)) {
      this.#end(current, gracePeriod(this.#view.pod), because ?? '');
    }
  }

  #reasonToEnd({ name, image }: Container, current: ContainerRecord): string | undefined {
    const { pod, probes } = this.#view;
    const next = pod.spec.restartPolicy === 'Never' ? '' : ', will be restarted';
    const failed = probes.get(current.id)?.failed;
    if (failed !== undefined) return `Container ${name} failed ${failed} probe${next}`;
    const isChanged = current.image !== normaliseReference(image);
    return isChanged ? `Container ${name} definition changed${next}` : undefined;
  }
}

/** Continues the count of earlier runs. A restart of the node removes the records; the pod's status keeps the count. */
const nextAttempt = ({ containers, pod }: PodView, { name }: Container): number => {
  const earlier = containers.findLast((record) => record.name === name);
  if (earlier) return earlier.attempt + 1;
  const status = knownStatus(pod, name);
  return status?.containerID ? status.restartCount + 1 : 0;
};

const backoffMessage = ({ metadata }: Pod, container: Container, delayMs: number): string => {
  const { name, namespace = 'default', uid = '' } = metadata;
  const delay = formatGoDuration(Math.round(delayMs / 1000) * 1000);
  return `back-off ${delay} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
};

const gracePeriod = ({ spec }: Pod): number => (spec.terminationGracePeriodSeconds ?? 30) * 1000;

const deletionGrace = ({ pod, removed }: PodView): number => {
  if (removed && pod.metadata.deletionTimestamp === undefined) return forcedGraceMs;
  const seconds = pod.metadata.deletionGracePeriodSeconds;
  return seconds === undefined ? gracePeriod(pod) : Math.max(seconds * 1000, removed ? forcedGraceMs : 0);
};
