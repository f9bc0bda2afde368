// Collects the steps of a plan: starts and restarts containers, and stops them within their grace period. Pure.
import type { Container, Pod } from '../../../api/core-pods.ts';
import { normaliseReference } from '../../../api/images.ts';
import { isSidecar } from '../../../api/pods.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { backoffMessage, nextPause, pauseAfter } from './backoff.ts';
import { currentContainer, isSpent, knownStatus } from './runs.ts';
import type { Plan, Step } from './steps.ts';
import { mayTerminate } from './termination.ts';
import type { PodView } from './view.ts';

/** A container has at least this time between its stop signal and SIGKILL, even if its grace period is shorter. */
export const minimumGraceMs = 2000;

type Policy = 'Always' | 'OnFailure' | 'Never';

export class PlanBuilder {
  readonly #view: PodView;
  readonly #steps: Step[] = [];
  readonly #waiting = new Map<string, { reason: string; message?: string }>();
  #wakeAt: number | undefined;
  /** A postStart hook runs. The containers that come later wait for its end. */
  #isHeld = false;

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
  consider(container: Container, policy: Policy): void {
    if (isSpent(this.#view, container.name)) return;
    const current = currentContainer(this.#view, container.name);
    if (!current) this.#start(container, nextAttempt(this.#view, container), 0);
    else if (!current.exit) this.#checkRunning(container, current);
    else if (policy === 'Always' || (policy === 'OnFailure' && current.exit.code !== 0)) {
      this.#restart(container, current);
    }
  }

  /** Stops every running container, the sidecars last. @returns true when no container is running */
  endAll(graceMs: number, because: (name: string) => string): boolean {
    const running = this.#view.containers.filter(({ exit }) => !exit);
    for (const record of running) {
      this.#end(record, graceMs, { because: because(record.name), isDue: mayTerminate(this.#view, record.name) });
    }
    return running.length === 0;
  }

  /** Keeps the last two records of each container: `lastState` and `logs --previous` need them. */
  pruneHistory(): void {
    for (const name of new Set(this.#view.containers.map((record) => record.name))) {
      const records = this.#view.containers.filter((record) => record.name === name);
      for (const record of records.slice(0, -2)) if (record.exit) this.push({ do: 'remove-container', record });
    }
  }

  wake(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt ?? at, at);
  }

  /**
   * First the preStop hook, then the stop signal, then SIGKILL.
   * @param isDue false for a sidecar that has to outlive other containers. The end of the grace period overrides this
   */
  #end(record: ContainerRecord, graceMs: number, { because, isDue }: { because: string; isDue: boolean }): void {
    const { stopping, preStop, now } = this.#view;
    const stop = stopping.get(record.id);
    if (!stop) this.push({ do: 'stop', record, graceMs, because });
    if (!stop || stop.killed) return;
    const graceEnd = stop.since + graceMs;
    if (stop.signalledAt === undefined) {
      if ((isDue && !preStop.has(record.id)) || now >= graceEnd) this.push({ do: 'terminate', record });
      else this.wake(graceEnd);
      return;
    }
    const killAt = Math.max(graceEnd, stop.signalledAt + minimumGraceMs);
    if (now >= killAt) this.push({ do: 'kill', record });
    else this.wake(killAt);
  }

  #start(container: Container, attempt: number, backoffMs: number): void {
    if (this.#isHeld) return;
    const blocked = this.#view.blocked.get(container.name);
    if (blocked) this.#waiting.set(container.name, { reason: blocked.reason, message: blocked.message });
    if (blocked && blocked.retryAt > this.#view.now) {
      this.wake(blocked.retryAt);
      return;
    }
    this.push({ do: 'start', container, attempt, backoffMs });
    this.#isHeld = container.lifecycle?.postStart !== undefined;
  }

  #restart(container: Container, ended: ContainerRecord): void {
    const pause = pauseAfter(ended);
    const due = Date.parse(ended.exit?.finishedAt ?? '') + pause;
    if (due <= this.#view.now) {
      this.#start(container, ended.attempt + 1, nextPause(pause));
      return;
    }
    const message = backoffMessage(this.#view.pod, container, pause);
    this.#waiting.set(container.name, { reason: 'CrashLoopBackOff', message });
    this.wake(due);
  }

  #checkRunning(container: Container, current: ContainerRecord): void {
    if (this.#view.postStart.get(current.id) === 'running') this.#isHeld = true;
    const because = this.#reasonToEnd(container, current);
    if (because === undefined && !this.#view.stopping.has(current.id)) return;
    this.#end(current, this.#graceFor(container, current), { because: because ?? '', isDue: true });
  }

  #reasonToEnd(container: Container, current: ContainerRecord): string | undefined {
    const { pod, probes, postStart } = this.#view;
    const isInit = isSidecar(container);
    const what = `${isInit ? 'Init container' : 'Container'} ${container.name}`;
    const next = isInit || pod.spec.restartPolicy === 'Never' ? '' : ', will be restarted';
    const failed = probes.get(current.id)?.failed;
    if (failed !== undefined) return `${what} failed ${failed} probe${next}`;
    if (postStart.get(current.id) === 'failed') return 'FailedPostStartHook';
    const isChanged = current.image !== normaliseReference(container.image);
    return isChanged ? `${what} definition changed${next}` : undefined;
  }

  /** A failed probe may have a grace period of its own. */
  #graceFor({ livenessProbe, startupProbe }: Container, { id }: ContainerRecord): number {
    const { pod, probes } = this.#view;
    const failed = probes.get(id)?.failed;
    const probe = failed === 'liveness' ? livenessProbe : failed === 'startup' ? startupProbe : undefined;
    const seconds = probe?.terminationGracePeriodSeconds;
    return seconds === undefined ? gracePeriod(pod) : seconds * 1000;
  }
}

export const gracePeriod = ({ spec }: Pod): number => (spec.terminationGracePeriodSeconds ?? 30) * 1000;

/** Continues the count of earlier runs. A restart of the node removes the records; the pod's status keeps the count. */
const nextAttempt = ({ containers, pod }: PodView, { name }: Container): number => {
  const earlier = containers.findLast((record) => record.name === name);
  if (earlier) return earlier.attempt + 1;
  const status = knownStatus(pod, name);
  return status?.containerID ? status.restartCount + 1 : 0;
};
