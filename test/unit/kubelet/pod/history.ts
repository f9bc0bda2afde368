// Plays one random history of a node with a kubelet, and reports what contradicts the restart policies of its pods.
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Pod, PodSpec } from '../../../../src/api/core-pods.ts';
import { pods } from '../../../../src/api/resources.ts';
import { finalPhaseOf } from '../../../../src/node/kubelet/pod/runs.ts';
import type { ContainerSpec } from '../../../../src/node/kubelet/runtime/runtime.ts';
import { createFakeRuntime, type FakeRuntime } from '../../../support/fake-runtime.ts';
import { startTestKubelet, type TestKubelet } from '../../../support/kubelet.ts';
import { createMemoryClient, type MemoryClient } from '../../../support/memory-client.ts';
import { type KubeletProcess, seededRandom, startProcess, type Weather } from '../../../support/turmoil.ts';

export interface HistoryPod {
  readonly policy: 'Always' | 'OnFailure' | 'Never';
  /** The exit code of the first run of each init container. Later runs succeed. */
  readonly inits: readonly number[];
  /** Each sidecar ends by itself after this time in its first run, or waits for its stop signal. */
  readonly sidecars: readonly (number | undefined)[];
  /** A container that fails ends with 1 in its first run, and with 0 in later runs. */
  readonly containers: readonly { readonly fails: boolean; readonly afterMs: number }[];
}

export interface HistoryEvent {
  readonly afterMs: number;
  readonly pod: number;
  readonly what:
    | 'kill the kubelet'
    | 'restart the node'
    | 'break the network'
    | 'delete the pod'
    | 'delete by force and create again'
    | 'end the pod from outside'
    | 'stop the API server'
    | 'start the API server';
}

export interface History {
  readonly seed: number;
  readonly delayMs: number;
  readonly failures: number;
  readonly pods: readonly HistoryPod[];
  readonly events: readonly HistoryEvent[];
}

/** @returns what went wrong; empty when nothing did */
export const playHistory = async (history: History, podsFolder: string): Promise<string[]> => {
  const world = new World(history, podsFolder);
  try {
    await world.play();
    await world.settle();
    return [...world.problems, ...world.verdict()];
  } finally {
    world.end();
  }
};

/** The events after which a container of a pod may be missing its run. */
const disturbances = new Set<HistoryEvent['what']>([
  'restart the node',
  'break the network',
  'delete the pod',
  'delete by force and create again',
  'end the pod from outside',
]);
const settleMs = 10_000;

class World {
  readonly problems: string[] = [];
  readonly #history: History;
  readonly #podsFolder: string;
  readonly #weather: Weather;
  readonly #api: MemoryClient = createMemoryClient();
  readonly #runtime: FakeRuntime = createFakeRuntime({ program: (spec) => this.#program(spec) });
  readonly #starts = new Map<string, number>();
  readonly #over = new AbortController();
  #process: KubeletProcess | undefined;
  #kubelet: TestKubelet | undefined;

  constructor(history: History, podsFolder: string) {
    this.#history = history;
    this.#podsFolder = podsFolder;
    const { seed, delayMs, failures } = history;
    this.#weather = { random: seededRandom(seed), delayMs, failures, apiDown: false };
    void this.#observe();
  }

  async play(): Promise<void> {
    await this.#startKubelet();
    for (const index of this.#history.pods.keys()) await this.#create(index);
    for (const { afterMs, what, pod } of this.#history.events) {
      await delay(afterMs);
      await this.#happen(what, `p${pod % this.#history.pods.length}`);
    }
    await delay(this.#history.delayMs * 4);
  }

  /** Stops all faults, and waits until every pod that can end has ended. */
  async settle(): Promise<void> {
    Object.assign(this.#weather, { delayMs: 0, failures: 0, apiDown: false });
    await this.#startKubelet();
    const until = Date.now() + settleMs;
    while (this.#unsettled().length > 0 && Date.now() < until) await delay(5);
    this.problems.push(...this.#unsettled());
  }

  /** Without a disturbance, each container of a pod with `Never` ran once, and the phase says how it ended. */
  verdict(): string[] {
    if (this.#history.events.some(({ what }) => disturbances.has(what))) return [];
    return this.#history.pods.flatMap(({ policy, inits, containers }, index) => {
      const pod = this.#find(`p${index}`);
      if (policy !== 'Never' || !pod) return [];
      const fails = inits.includes(1);
      const wanted = fails || containers.some((container) => container.fails) ? 'Failed' : 'Succeeded';
      const counts = containers.map((_, i) => this.#starts.get(`${pod.metadata.uid} c${i}`) ?? 0);
      const isRight = pod.status?.phase === wanted && counts.every((count) => count === (fails ? 0 : 1));
      return isRight
        ? []
        : [`p${index} is ${pod.status?.phase} instead of ${wanted}, and its containers ran ${counts}`];
    });
  }

  end(): void {
    this.#process?.kill();
    this.#over.abort();
  }

  async #startKubelet(): Promise<void> {
    this.#process?.kill();
    this.#process = startProcess(this.#runtime, this.#api, this.#weather);
    const { runtime, client, signal } = this.#process;
    const podsFolder = this.#podsFolder;
    this.#kubelet = await startTestKubelet({ runtime, podsFolder, signal, client: { ...this.#api, ...client } });
  }

  async #create(index: number): Promise<void> {
    const { policy, inits, sidecars, containers } = this.#history.pods[index] as HistoryPod;
    const make = (name: string): Container => ({ name, image: 'busybox' });
    const side = (name: string): Container => ({ ...make(name), restartPolicy: 'Always' });
    const spec: PodSpec = {
      nodeName: 'node01',
      restartPolicy: policy,
      initContainers: [...inits.map((_, i) => make(`i${i}`)), ...sidecars.map((_, i) => side(`s${i}`))],
      containers: containers.map((_, i) => make(`c${i}`)),
    };
    await this.#api.create(pods, { metadata: { name: `p${index}`, namespace: 'default' }, spec });
  }

  async #happen(what: HistoryEvent['what'], name: string): Promise<void> {
    const pod = this.#find(name);
    const uid = pod?.metadata.uid ?? '';
    switch (what) {
      case 'kill the kubelet':
        return this.#startKubelet();
      case 'restart the node':
        this.#process?.kill();
        this.#runtime.restartNode();
        return this.#startKubelet();
      case 'break the network':
        this.#runtime.breakSandbox(this.#runtime.sandboxes().find((sandbox) => sandbox.pod.uid === uid)?.id ?? '');
        return this.#kubelet?.syncLoop.trigger(uid);
      case 'delete the pod':
        return this.#delete(pod);
      case 'delete by force and create again':
        if (!pod) return;
        await this.#api.delete(pods, { namespace: 'default', name });
        return this.#create(Number(name.slice(1)));
      case 'end the pod from outside':
        return this.#evict(pod);
      default:
        this.#weather.apiDown = what === 'stop the API server';
    }
  }

  async #delete(pod: Pod | undefined): Promise<void> {
    if (!pod) return;
    const metadata = { ...pod.metadata, deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: 30 };
    await this.#api.update(pods, { ...pod, metadata });
  }

  async #evict(pod: Pod | undefined): Promise<void> {
    if (!pod || finalPhaseOf(pod.status)) return;
    await this.#api.updateStatus(pods, { ...pod, status: { ...pod.status, phase: 'Failed', reason: 'Evicted' } });
  }

  #find(name: string): Pod | undefined {
    return this.#api.all(pods).find(({ metadata }) => metadata.name === name);
  }

  /** Counts the start of a container, and decides how its program will end. */
  #program({ pod, name, sandboxId }: ContainerSpec): { code: number; afterMs: number } | undefined {
    const { policy, inits, sidecars, containers } = this.#history.pods[Number(pod.name.slice(1))] as HistoryPod;
    const key = `${pod.uid} ${name}`;
    const count = this.#starts.get(key) ?? 0;
    this.#starts.set(key, count + 1);
    if (name.startsWith('s')) {
      const now = this.#find(pod.name);
      const isOver = now?.metadata.uid === pod.uid && finalPhaseOf(now.status) !== undefined;
      // The kubelet may not have heard yet that the pod was ended from outside.
      const isKnown = now?.status?.reason !== 'Evicted';
      if (isOver && isKnown) this.problems.push(`${pod.name}/${name} ran after the end of its pod`);
      const afterMs = count === 0 ? sidecars[Number(name.slice(1))] : undefined;
      return afterMs === undefined ? undefined : { code: 1, afterMs };
    }
    const isInit = name.startsWith('i');
    const earlier = this.#runtime.containers().filter((record) => record.pod.uid === pod.uid && record.name === name);
    earlier.pop();
    const isBad =
      (policy === 'Never' && count > 0) ||
      earlier.some(({ exit }) => !exit) ||
      earlier.some((r) => r.exit?.code === 0 && (isInit ? r.sandboxId === sandboxId : policy === 'OnFailure'));
    const before = earlier.map(({ exit }) => exit?.code ?? 'running');
    if (isBad) this.problems.push(`${pod.name}/${name} with ${policy} ran again after [${before}]`);
    const own = containers[Number(name.slice(1))];
    const code = isInit ? (inits[Number(name.slice(1))] ?? 0) : own?.fails ? 1 : 0;
    return { code: count === 0 ? code : 0, afterMs: own?.afterMs ?? 1 };
  }

  /** Watches the API server for a final phase or a terminated container that goes back. */
  async #observe(): Promise<void> {
    const last = new Map<string, Pod>();
    for await (const { object } of this.#api.watch(pods, { resourceVersion: '0', signal: this.#over.signal })) {
      const pod = object as Pod;
      const uid = pod.metadata.uid ?? '';
      const before = last.get(uid);
      last.set(uid, pod);
      const phase = finalPhaseOf(before?.status);
      if (phase && phase !== pod.status?.phase) {
        this.problems.push(`${pod.metadata.name} went from ${phase} to ${pod.status?.phase}`);
      }
      if (pod.spec.restartPolicy !== 'Never') continue;
      for (const { name, state } of before?.status?.containerStatuses ?? []) {
        const now = pod.status?.containerStatuses?.find((status) => status.name === name)?.state;
        if (state?.terminated && !now?.terminated) this.problems.push(`${pod.metadata.name}/${name} left its end`);
      }
    }
  }

  #unsettled(): string[] {
    const alive = new Set(this.#api.all(pods).map(({ metadata }) => metadata.uid));
    const ended = new Set<string | undefined>();
    const problems: string[] = [];
    for (const { metadata, spec, status } of this.#api.all(pods)) {
      if (finalPhaseOf(status)) ended.add(metadata.uid);
      else if (spec.restartPolicy !== 'Always') problems.push(`${metadata.name} is still ${JSON.stringify(status)}`);
      if (metadata.deletionTimestamp) problems.push(`${metadata.name} is still there`);
    }
    for (const { pod } of this.#runtime.sandboxes()) {
      if (!alive.has(pod.uid) || ended.has(pod.uid)) problems.push(`${pod.name} still has a sandbox`);
    }
    for (const { pod, name, exit } of this.#runtime.containers()) {
      if (!exit && (!alive.has(pod.uid) || ended.has(pod.uid))) problems.push(`${pod.name}/${name} still runs`);
    }
    return problems;
  }
}
