// One pod's life: look, plan, carry the steps out, tell the API server; again on every change.
import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from '../../../api/core.ts';
import { pods as podResource } from '../../../api/resources.ts';
import { startReconciler } from '../../../kit/reconcile.ts';
import { isConflict, isNotFound } from '../../client/error.ts';
import { removeVolumes, syncVolumes, VolumeError } from '../container/volumes.ts';
import { createSandbox, startContainer, stopContainer } from './actions.ts';
import { type Blocked, type Plan, type PodView, planPod, type Step, type Stopping } from './plan.ts';
import { podStatus } from './status.ts';
import type { WorkerDeps } from './worker-deps.ts';

export interface PodWorker {
  /** The pod as the API server has it now. */
  update(pod: Pod): void;
  /** The API server no longer has the pod. */
  remove(): void;
  trigger(): void;
  readonly pod: Pod;
}

export interface WorkerOptions {
  readonly pod: Pod;
  readonly removed?: boolean;
  readonly signal: AbortSignal;
  /** Nothing is left of the pod. */
  readonly onDone: (uid: string) => void;
}

const resyncMs = 10_000;
const volumeRetryMs = 2000;
const lastWordsMs = 2000;

type StartStep = Extract<Step, { do: 'start' }>;

/** Starts looking after one pod. */
export const startPodWorker = (deps: WorkerDeps, options: WorkerOptions): PodWorker => {
  const worker = new Worker(deps, options);
  worker.trigger();
  return worker;
};

class Worker implements PodWorker {
  pod: Pod;
  readonly #deps: WorkerDeps;
  readonly #options: WorkerOptions;
  readonly #uid: string;
  readonly #stop = new AbortController();
  readonly #stopping = new Map<string, Stopping>();
  readonly #blocked = new Map<string, Blocked>();
  readonly #backoff = new Map<string, number>();
  readonly #loop: ReturnType<typeof startReconciler>;
  #removed: boolean;
  #volumesReady = false;
  #wake: NodeJS.Timeout | undefined;

  constructor(deps: WorkerDeps, options: WorkerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.pod = options.pod;
    this.#uid = options.pod.metadata.uid ?? '';
    this.#removed = options.removed ?? false;
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

  get #name(): string {
    return `${this.pod.metadata.namespace}/${this.pod.metadata.name}`;
  }

  async #sync(): Promise<void> {
    clearTimeout(this.#wake);
    if (!this.#removed) this.#deps.statuses.verify(this.pod);
    const wantsVolumes = !this.#removed && this.pod.metadata.deletionTimestamp === undefined;
    for (let first = true; ; first = false) {
      const view = await this.#look();
      const plan = planPod(view);
      if (!this.#removed && (first || plan.steps.length === 0)) this.#report(view, plan);
      if (first && wantsVolumes && !(await this.#mountVolumes())) return this.#wakeAt(Date.now() + volumeRetryMs);
      if (plan.steps.length === 0) return this.#wakeAt(plan.wakeAt);
      for (const step of plan.steps) await this.#perform(step, view);
      if (this.#stop.signal.aborted) return;
    }
  }

  #wakeAt(at: number | undefined): void {
    if (at === undefined || this.#options.signal.aborted) return;
    this.#wake = setTimeout(() => this.trigger(), Math.max(0, at - Date.now()));
  }

  async #look(): Promise<PodView> {
    const { runtime, prober } = this.#deps;
    const ofPod = ({ pod }: { pod: { uid: string } }): boolean => pod.uid === this.#uid;
    const containers = runtime.containers().filter(ofPod);
    const sandbox = runtime.sandboxes().find(ofPod);
    for (const id of this.#stopping.keys()) {
      if (!containers.some((record) => record.id === id && !record.exit)) this.#stopping.delete(id);
    }
    prober.sync(this.pod, sandbox?.ip ?? this.#deps.nodeIp, this.#removed ? [] : containers);
    return {
      pod: this.pod,
      removed: this.#removed,
      ...(sandbox ? { sandbox } : {}),
      sandboxIntact: sandbox === undefined || (await runtime.sandboxIntact(sandbox.id)),
      containers,
      probes: prober.states,
      stopping: this.#stopping,
      blocked: this.#blocked,
      backoff: this.#backoff,
      now: Date.now(),
    };
  }

  #report(view: PodView, plan: Plan): void {
    this.#deps.statuses.set(this.pod, podStatus(view, plan, { hostIp: this.#deps.nodeIp }));
    for (const [name, { reason, message }] of plan.waiting) {
      if (reason === 'CrashLoopBackOff')
        this.#deps.events.container(
          this.pod,
          name,
          'Warning',
          'BackOff',
          `${message?.replace(/^back-off \S+/, 'Back-off')}`,
        );
    }
  }

  /** @returns false when something that a volume needs isn't there yet */
  async #mountVolumes(): Promise<boolean> {
    const { sources, podsFolder, nodeIp, events } = this.#deps;
    try {
      const context = { pod: this.pod, hostIp: nodeIp, sources: await sources.load(this.pod) };
      await syncVolumes(podsFolder, context);
      this.#volumesReady = true;
      return true;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      // What a running pod was given stays when its source goes away.
      if (this.#volumesReady) return true;
      events.pod(this.pod, 'Warning', 'FailedMount', error.message);
      return false;
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
        this.#stopping.set(step.record.id, { since: view.now, killed: false });
        return stopContainer(this.#deps, this.pod, step);
      case 'kill':
        this.#stopping.set(step.record.id, { since: view.now, killed: true });
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
    const blocked = await startContainer(this.#deps, { pod: this.pod, sandbox, container, attempt, before });
    if (blocked) this.#blocked.set(container.name, blocked);
    else this.#blocked.delete(container.name);
    if (!blocked && attempt > 0) this.#backoff.set(container.name, backoffMs);
  }

  async #confirmDeleted(view: PodView): Promise<void> {
    const { client, statuses } = this.#deps;
    const { name, namespace = 'default' } = this.pod.metadata;
    this.#report(view, { steps: [], waiting: new Map() });
    // Its last words; a status that the API server won't take must not keep the pod for ever.
    await Promise.race([statuses.flush(this.#uid), delay(lastWordsMs, undefined, { ref: false })]);
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
