// One pod's life: look, plan, carry the steps out, tell the API server; again on every change.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, Service } from '../../api/core.ts';
import { pods as podResource } from '../../api/resources.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { startReconciler } from '../../kit/reconcile.ts';
import { isConflict, isNotFound } from '../client/error.ts';
import type { Client } from '../client/types.ts';
import { containerSpec, podRef } from './container-spec.ts';
import type { PodEvents } from './events.ts';
import type { ImageStore } from './images.ts';
import { type Blocked, type Plan, type PodView, planPod, type Step, type Stopping } from './plan.ts';
import { type DnsSettings, hostsFile, podHostname, resolvConf } from './pod-files.ts';
import { probeOnce } from './probe.ts';
import type { Prober } from './prober.ts';
import type { ContainerMount, ContainerRecord, PortMapping, Runtime, Sandbox } from './runtime.ts';
import type { SourceCache } from './sources.ts';
import { missingImage, startFailure } from './start-errors.ts';
import { podStatus } from './status.ts';
import type { StatusWriter } from './status-writer.ts';
import { removeVolumes, syncVolumes, VolumeError, volumeMounts } from './volumes.ts';

export interface WorkerDeps {
  readonly client: Pick<Client, 'delete'>;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly prober: Prober;
  readonly events: PodEvents;
  readonly statuses: StatusWriter;
  readonly sources: SourceCache;
  readonly services: () => readonly Service[];
  readonly dns: DnsSettings;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** /var/lib/kubelet/pods */
  readonly podsFolder: string;
  readonly logger: Logger;
}

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
        return this.#createSandbox();
      case 'start':
        return this.#start(step);
      case 'stop':
        return this.#stopContainer(step.record, step.graceMs, step.because, view);
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

  async #createSandbox(): Promise<void> {
    const { runtime, events } = this.#deps;
    const hostNetwork = this.pod.spec.hostNetwork === true;
    // Set when the node restarted under the pod. An address that no longer fits is refused by the IPAM plugin.
    const ip = hostNetwork ? undefined : this.pod.status?.podIP;
    try {
      await runtime.createSandbox({
        pod: podRef(this.pod),
        hostNetwork,
        portMappings: portMappings(this.pod),
        ...(ip === undefined ? {} : { preferredIp: ip }),
      });
    } catch (error) {
      events.pod(this.pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`);
      throw error;
    }
  }

  async #start({ container, attempt, backoffMs }: Extract<Step, { do: 'start' }>): Promise<void> {
    const { runtime, events, images } = this.#deps;
    const sandbox = runtime.sandboxes().find(({ pod }) => pod.uid === this.#uid);
    if (!sandbox) return;
    const before = this.#blocked.get(container.name);
    const image = await images.find(container.image);
    if (!image) {
      const problem = missingImage(container, before, Date.now());
      this.#blocked.set(container.name, problem.blocked);
      for (const { type, reason, message } of problem.events)
        events.container(this.pod, container.name, type, reason, message);
      return;
    }
    const already = `Container image "${container.image}" already present on machine`;
    if (before?.reason !== 'RunContainerError') events.container(this.pod, container.name, 'Normal', 'Pulled', already);
    try {
      const { passwd, group } = await usersOf(images.rootfs(image));
      const context = {
        pod: this.pod,
        podIp: sandbox.ip ?? this.#deps.nodeIp,
        hostIp: this.#deps.nodeIp,
        attempt,
        image,
        passwd,
        group,
      };
      const sources = await this.#deps.sources.load(this.pod);
      const mounts = [
        ...volumeMounts(this.#deps.podsFolder, this.pod, container),
        ...(await this.#writeFiles(sandbox, container)),
      ];
      const spec = containerSpec(container, {
        ...context,
        sources,
        services: this.#deps.services(),
        sandboxId: sandbox.id,
        nodeName: this.#deps.nodeName,
        mounts,
      });
      const record = await runtime.startContainer(spec);
      this.#blocked.delete(container.name);
      if (attempt > 0) this.#backoff.set(container.name, backoffMs);
      events.container(this.pod, container.name, 'Normal', 'Created', `Created container: ${container.name}`);
      events.container(this.pod, container.name, 'Normal', 'Started', `Started container ${container.name}`);
      void this.#postStart(container, record);
    } catch (error) {
      const blocked = startFailure(error, before, Date.now());
      this.#blocked.set(container.name, blocked);
      events.container(this.pod, container.name, 'Warning', 'Failed', `Error: ${blocked.message}`);
    }
  }

  async #postStart(container: Container, record: ContainerRecord): Promise<void> {
    const hook = container.lifecycle?.postStart;
    if (!hook) return;
    const outcome = await this.#runHook(hook, container, record, 60_000);
    if (outcome.ok) return;
    this.#deps.events.container(
      this.pod,
      container.name,
      'Warning',
      'FailedPostStartHook',
      `PostStartHook failed: ${outcome.output}`,
    );
    await this.#deps.runtime.signal(record.id, 'KILL').catch(() => {});
  }

  #runHook(
    hook: NonNullable<NonNullable<Container['lifecycle']>['preStop']>,
    container: Container,
    record: ContainerRecord,
    timeoutMs: number,
  ) {
    const { runtime, nodeIp } = this.#deps;
    const podIp = runtime.sandboxes().find(({ id }) => id === record.sandboxId)?.ip ?? nodeIp;
    return probeOnce(hook, { container, containerId: record.id, podIp, exec: runtime.exec }, timeoutMs);
  }

  async #stopContainer(record: ContainerRecord, graceMs: number, because: string, view: PodView): Promise<void> {
    this.#stopping.set(record.id, { since: view.now, killed: false });
    this.#deps.events.container(this.pod, record.name, 'Normal', 'Killing', because);
    const container = this.pod.spec.containers.find(({ name }) => name === record.name);
    const hook = container?.lifecycle?.preStop;
    const terminate = (): Promise<void> => this.#deps.runtime.signal(record.id, record.stopSignal);
    if (!container || !hook || graceMs === 0) return terminate();
    // The hook spends the pod's grace period; the planner kills the container when that is over.
    void this.#runHook(hook, container, record, graceMs)
      .then((outcome) => {
        if (!outcome.ok)
          this.#deps.events.container(
            this.pod,
            record.name,
            'Warning',
            'FailedPreStopHook',
            `PreStopHook failed: ${outcome.output}`,
          );
        return terminate();
      })
      .catch((error) => this.#deps.logger.error('Stopping a container failed', error, { pod: this.#name }));
  }

  async #confirmDeleted(view: PodView): Promise<void> {
    const { client, statuses } = this.#deps;
    const { name, namespace = 'default' } = this.pod.metadata;
    this.#report(view, { steps: [], waiting: new Map() });
    await statuses.flush(this.#uid);
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

  /** /etc/hosts, /etc/hostname and /etc/resolv.conf, unless the container mounts its own there. */
  async #writeFiles(sandbox: Sandbox, container: Container): Promise<ContainerMount[]> {
    const { podsFolder, dns, nodeIp, nodeName } = this.#deps;
    const folder = join(podsFolder, this.#uid);
    const hostNetwork = this.pod.spec.hostNetwork === true;
    const hosts = hostNetwork
      ? await readText('/etc/hosts')
      : hostsFile(this.pod, sandbox.ip ?? nodeIp, dns.clusterDomain);
    const files = [
      { name: 'etc-hosts', target: '/etc/hosts', content: hosts },
      { name: 'hostname', target: '/etc/hostname', content: `${hostNetwork ? nodeName : podHostname(this.pod)}\n` },
      { name: 'resolv.conf', target: '/etc/resolv.conf', content: resolvConf(this.pod, dns) },
    ];
    await mkdir(folder, { recursive: true });
    for (const { name, content } of files) await writeFile(join(folder, name), content, { mode: 0o644 });
    const own = new Set(container.volumeMounts?.map(({ mountPath }) => mountPath));
    return files
      .filter(({ target }) => !own.has(target))
      .map(({ name, target }) => ({ source: join(folder, name), target, readOnly: false }));
  }
}

const portMappings = ({ spec }: Pod): PortMapping[] =>
  spec.hostNetwork
    ? []
    : spec.containers.flatMap(({ ports = [] }) =>
        ports.flatMap(({ hostPort, containerPort, protocol = 'TCP', hostIP }) =>
          hostPort ? [{ hostPort, containerPort, protocol, ...(hostIP ? { hostIP } : {}) }] : [],
        ),
      );

const usersOf = async (rootfs: string): Promise<{ passwd: string; group: string }> => {
  const [passwd, group] = await Promise.all([
    readText(join(rootfs, 'etc/passwd')),
    readText(join(rootfs, 'etc/group')),
  ]);
  return { passwd, group };
};

const readText = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
