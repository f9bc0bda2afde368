// The loop of one pod. After every change: look at the pod, plan, carry out the steps, report to the API server.
import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from '../../../api/core-pods.ts';
import { allContainers } from '../../../api/pods.ts';
import { pods as podResource } from '../../../api/resources.ts';
import { startReconciler } from '../../../kit/reconcile.ts';
import { isConflict, isNotFound } from '../../client/error.ts';
import { removeVolumes } from '../container/volumes.ts';
import { createSandbox, startContainer } from './actions.ts';
import { deadlineExceeded, deadlineOf } from './deadline.ts';
import { createHooks, type Hooks } from './hooks.ts';
import { planPod } from './plan.ts';
import { createPodVolumes, type PodVolumes } from './pod-volumes.ts';
import { finalPhase, finalPhaseOf } from './runs.ts';
import { podStatus } from './status.ts';
import type { Plan, Step } from './steps.ts';
import type { Blocked, Failure, FinalPhase, PodView, Stopping } from './view.ts';
import type { WorkerDeps } from './worker-deps.ts';

export interface PodWorker {
  /** @param pod as the API server has it now */
  update(pod: Pod): void;
  /** Call this when the pod is gone from the API server: the worker removes everything of the pod from this node. */
  remove(): void;
  trigger(): void;
  /** Ends the pod for good, with an event. Does nothing if the pod has ended or is about to. */
  fail(failure: Failure): void;
  readonly pod: Pod;
  /** False once the pod has ended for good, or is about to. */
  readonly isActive: boolean;
}

export interface WorkerOptions {
  readonly pod: Pod;
  /** The pod is already gone from the API server. */
  readonly removed?: boolean;
  readonly signal: AbortSignal;
  /** Called when nothing is left of the pod on this node. */
  readonly onDone: (uid: string) => void;
}

const resyncMs = 10_000;
const volumeRetryMs = 2000;
/** A timer with a longer time would fire at once. */
const maxTimerMs = 2 ** 31 - 1;
/** A deleted pod waits at most this time until its last status is written. */
const lastStatusMs = 2000;

type StartStep = Extract<Step, { do: 'start' }>;
type StopStep = Extract<Step, { do: 'stop' }>;

/** Starts at once and runs until nothing is left of the pod or the signal aborts. */
export const startPodWorker = (deps: WorkerDeps, options: WorkerOptions): PodWorker => {
  const worker = new Worker(deps, options);
  worker.trigger();
  return worker;
};

/** A pod that ends or has ended needs no volumes. A missing ConfigMap must not keep the pod's network alive. */
const wantsVolumes = (view: PodView): boolean =>
  !view.removed && view.pod.metadata.deletionTimestamp === undefined && finalPhase(view) === undefined;

class Worker implements PodWorker {
  pod: Pod;
  readonly #deps: WorkerDeps;
  readonly #options: WorkerOptions;
  readonly #uid: string;
  readonly #stop = new AbortController();
  readonly #stopping = new Map<string, Stopping>();
  readonly #blocked = new Map<string, Blocked>();
  readonly #hooks: Hooks;
  readonly #volumes: PodVolumes;
  readonly #loop: ReturnType<typeof startReconciler>;
  #ended: FinalPhase | undefined;
  #failure: Failure | undefined;
  #removed: boolean;
  #wake: NodeJS.Timeout | undefined;

  constructor(deps: WorkerDeps, options: WorkerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.pod = options.pod;
    this.#uid = options.pod.metadata.uid ?? '';
    this.#removed = options.removed ?? false;
    this.#volumes = createPodVolumes(deps);
    this.#hooks = createHooks(deps, () => this.trigger());
    this.#loop = startReconciler({
      sync: () => this.#sync(),
      onError: (error, retryInMs) =>
        deps.logger.error('Error syncing pod, skipping', error, { pod: this.#name, podUID: this.#uid, retryInMs }),
      signal: AbortSignal.any([options.signal, this.#stop.signal]),
      maxIntervalMs: resyncMs,
    });
  }

  update(pod: Pod): void {
    this.pod = pod;
    this.trigger();
  }

  remove(): void {
    this.#removed = true;
    this.trigger();
  }

  trigger(): void {
    this.#loop.trigger();
  }

  get isActive(): boolean {
    return !this.#removed && !this.#ended && !this.#failure && finalPhaseOf(this.pod.status) === undefined;
  }

  fail(failure: Failure): void {
    if (!this.isActive) return;
    this.#failure = failure;
    this.#deps.events.pod(this.pod, failure.type ?? 'Warning', failure.reason, failure.event);
    this.trigger();
  }

  get #name(): string {
    return `${this.pod.metadata.namespace}/${this.pod.metadata.name}`;
  }

  async #sync(): Promise<void> {
    clearTimeout(this.#wake);
    if (!this.#removed) this.#deps.statuses.verify(this.pod);
    const deadline = deadlineOf(this.pod);
    if (deadline !== undefined && Date.now() >= deadline) this.fail(deadlineExceeded);
    for (let first = true; ; first = false) {
      const view = await this.#look();
      const plan = planPod(view);
      if (!this.#removed && (first || plan.steps.length === 0)) this.#report(view, plan);
      if (first && wantsVolumes(view) && !(await this.#volumes.sync(this.pod)))
        return this.#wakeAt(Date.now() + volumeRetryMs);
      if (plan.steps.length === 0) return this.#wakeAt(plan.wakeAt, this.isActive ? deadline : undefined);
      for (const step of plan.steps) await this.#perform(step, view);
      if (this.#stop.signal.aborted) return;
    }
  }

  #wakeAt(...times: readonly (number | undefined)[]): void {
    const given = times.filter((time) => time !== undefined);
    if (given.length === 0 || this.#options.signal.aborted) return;
    const delayMs = Math.min(Math.max(0, Math.min(...given) - Date.now()), maxTimerMs);
    this.#wake = setTimeout(() => this.trigger(), delayMs);
  }

  async #look(): Promise<PodView> {
    const { runtime, prober } = this.#deps;
    const ofPod = ({ pod }: { pod: { uid: string } }): boolean => pod.uid === this.#uid;
    const containers = runtime.containers().filter(ofPod);
    const sandbox = runtime.sandboxes().find(ofPod);
    const running = containers.filter(({ exit }) => !exit);
    const ids = new Set(running.map(({ id }) => id));
    for (const id of this.#stopping.keys()) if (!ids.has(id)) this.#stopping.delete(id);
    this.#hooks.keepOnly(ids);
    const probed = this.#removed ? [] : running.filter(({ id }) => !this.#hooks.postStart.has(id));
    prober.sync(this.pod, sandbox?.ip ?? this.#deps.nodeIp, probed);
    const view: PodView = {
      pod: this.pod,
      removed: this.#removed,
      ...(this.#ended ? { ended: this.#ended } : {}),
      ...(this.#failure ? { failure: this.#failure } : {}),
      ...(sandbox ? { sandbox } : {}),
      sandboxIntact: sandbox === undefined || (await runtime.sandboxIntact(sandbox.id)),
      containers,
      probes: prober.states,
      stopping: this.#stopping,
      postStart: this.#hooks.postStart,
      preStop: this.#hooks.preStop,
      blocked: this.#blocked,
      now: Date.now(),
    };
    this.#ended = finalPhase(view);
    return view;
  }

  #report(view: PodView, plan: Plan): void {
    this.#deps.statuses.set(this.pod, podStatus(view, plan, { hostIp: this.#deps.nodeIp }));
    for (const [name, { reason, message }] of plan.waiting) {
      if (reason !== 'CrashLoopBackOff') continue;
      const text = `${message?.replace(/^back-off \S+/, 'Back-off')}`;
      this.#deps.events.container(this.pod, name, 'Warning', 'BackOff', text);
    }
  }

  async #perform(step: Step, view: PodView): Promise<void> {
    const { runtime } = this.#deps;
    switch (step.do) {
      case 'create-sandbox':
        return createSandbox(this.#deps, this.pod);
      case 'start':
        return this.#start(step);
      case 'stop':
        return this.#beginStop(step, view.now);
      case 'terminate':
        this.#stopping.set(step.record.id, { ...this.#stopOf(step.record.id, view.now), signalledAt: view.now });
        return runtime.signal(step.record.id, step.record.stopSignal);
      case 'kill':
        this.#stopping.set(step.record.id, { ...this.#stopOf(step.record.id, view.now), killed: true });
        return runtime.signal(step.record.id, 'KILL');
      case 'remove-container':
        return runtime.removeContainer(step.record.id);
      case 'remove-sandbox':
        return runtime.removeSandbox(step.sandbox.id);
      case 'confirm-deleted':
        return this.#confirmDeleted(view);
      case 'forget':
        return this.#forget();
    }
  }

  async #start({ container, attempt, backoffMs }: StartStep): Promise<void> {
    const sandbox = this.#deps.runtime.sandboxes().find(({ pod }) => pod.uid === this.#uid);
    if (!sandbox) return;
    const before = this.#blocked.get(container.name);
    const start = { pod: this.pod, sandbox, container, attempt, backoffMs, before };
    const result = await startContainer(this.#deps, start);
    if ('retryAt' in result) {
      this.#blocked.set(container.name, result);
      return;
    }
    this.#blocked.delete(container.name);
    this.#hooks.runPostStart({ pod: this.pod, container, record: result });
  }

  #stopOf(id: string, now: number): Stopping {
    return this.#stopping.get(id) ?? { since: now, killed: false };
  }

  #beginStop({ record, graceMs, because }: StopStep, now: number): void {
    this.#stopping.set(record.id, { since: now, killed: false });
    this.#deps.events.container(this.pod, record.name, 'Normal', 'Killing', because);
    const container = allContainers(this.pod.spec).find(({ name }) => name === record.name);
    if (container) this.#hooks.runPreStop({ pod: this.pod, container, record }, graceMs);
  }

  async #confirmDeleted(view: PodView): Promise<void> {
    const { client, statuses } = this.#deps;
    const { name, namespace = 'default' } = this.pod.metadata;
    this.#report(view, { steps: [], waiting: new Map() });
    // The time is limited, so that the pod can be deleted even if the API server refuses its status.
    await Promise.race([statuses.flush(this.#uid), delay(lastStatusMs, undefined, { ref: false })]);
    try {
      await client.delete(podResource, { name, namespace }, { gracePeriodSeconds: 0, uid: this.#uid });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    this.#removed = true;
  }

  async #forget(): Promise<void> {
    const { runtime, prober, statuses, podsFolder } = this.#deps;
    for (const { id, pod } of runtime.containers()) if (pod.uid === this.#uid) await runtime.removeContainer(id);
    await removeVolumes(podsFolder, this.#uid);
    prober.forget(this.#uid);
    statuses.forget(this.#uid);
    clearTimeout(this.#wake);
    this.#stop.abort();
    this.#options.onDone(this.#uid);
  }
}
