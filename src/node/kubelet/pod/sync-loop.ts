// Watches the pods of this node and gives each pod a worker. Triggers the worker when the pod, a container of the pod,
// or a ConfigMap or Secret changed.
import type { Pod } from '../../../api/core-pods.ts';
import { pods } from '../../../api/resources.ts';
import { createInformer } from '../../client/informer.ts';
import { type Client, type Informer, keyOf } from '../../client/types.ts';
import { rejection } from './admission.ts';
import { watchStorage } from './eviction.ts';
import { type PodWorker, startPodWorker } from './worker.ts';
import type { WorkerDeps } from './worker-deps.ts';

export interface SyncLoopOptions {
  readonly client: Client;
  readonly deps: WorkerDeps;
  readonly signal: AbortSignal;
}

export interface SyncLoop {
  /** By pod uid. A worker remains until nothing of its pod is left on the node. */
  readonly workers: ReadonlyMap<string, PodWorker>;
  find(namespace: string, name: string): Pod | undefined;
  trigger(podUid: string): void;
}

const refreshMs = 10_000;

/** Starts at once and runs until the signal aborts. */
export const startSyncLoop = ({ client, deps, signal }: SyncLoopOptions): SyncLoop => {
  const { logger, runtime, nodeName } = deps;
  const workers = new Map<string, PodWorker>();
  const informer = createInformer(client, pods, {
    selection: { fieldSelector: `spec.nodeName=${nodeName}` },
    logger,
    signal,
  });
  const start = (pod: Pod, removed: boolean): void => {
    const uid = pod.metadata.uid ?? '';
    const onDone = (): void => {
      workers.delete(uid);
      // A list may have lacked the pod for a moment.
      const again = informer.items.get(keyOf(pod));
      if (again?.metadata.uid === uid) start(again, false);
    };
    const others = [...workers.values()].filter(({ isActive }) => isActive).map((worker) => worker.pod);
    const worker = startPodWorker(deps, { pod, removed, signal, onDone });
    workers.set(uid, worker);
    // The worker has not done anything yet. A pod that has a start time was admitted before.
    if (removed || pod.status?.startTime !== undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const failure = rejection(pod, { ...deps, others });
    if (failure) worker.fail(failure);
  };
  const apply = (before: Pod | undefined, after: Pod | undefined): void => {
    const isGone = before !== undefined && before.metadata.uid !== after?.metadata.uid;
    if (isGone) {
      logger.info(2, 'SyncLoop REMOVE', { source: 'api', pods: [keyOf(before)] });
      workers.get(before.metadata.uid ?? '')?.remove();
    }
    if (!after) return;
    const worker = workers.get(after.metadata.uid ?? '');
    const verb = !worker ? 'ADD' : after.metadata.deletionTimestamp ? 'DELETE' : 'UPDATE';
    logger.info(verb === 'UPDATE' ? 4 : 2, `SyncLoop ${verb}`, { source: 'api', pods: [keyOf(after)] });
    if (worker) worker.update(after);
    else start(after, false);
  };
  runtime.onExit(({ pod, name, exit }) => {
    logger.info(2, 'Container ended', { pod: `${pod.namespace}/${pod.name}`, container: name, exitCode: exit?.code });
    workers.get(pod.uid)?.trigger();
  });
  deps.sources.onChange((namespace) => {
    for (const worker of workers.values()) if (worker.pod.metadata.namespace === namespace) worker.trigger();
  });
  watchStorage({ workers, deps, signal });
  void startAfterFirstList({ informer, deps, signal, apply, start, workers });
  return {
    workers,
    find: (namespace, name) => informer.get({ namespace, name }),
    trigger: (uid) => workers.get(uid)?.trigger(),
  };
};

interface FirstList {
  readonly informer: Informer<Pod>;
  readonly deps: WorkerDeps;
  readonly signal: AbortSignal;
  readonly apply: (before: Pod | undefined, after: Pod | undefined) => void;
  readonly start: (pod: Pod, removed: boolean) => void;
  readonly workers: ReadonlyMap<string, PodWorker>;
}

/**
 * Waits for the complete list of pods, then removes leftovers and starts the workers. Without the complete list, an
 * existing pod would look deleted.
 */
const startAfterFirstList = async (list: FirstList): Promise<void> => {
  const { informer, deps, signal, apply, start, workers } = list;
  const { runtime, logger } = deps;
  try {
    await informer.synced;
  } catch {
    // The signal aborted.
    return;
  }
  const uids = () => new Set([...informer.items.values()].map(({ metadata }) => metadata.uid ?? ''));
  await runtime.collectGarbage(uids()).catch((error) => logger.error('Cleaning up failed', error));
  for (const pod of startedFirst(informer.items.values())) apply(undefined, pod);
  informer.onChange(apply);
  // Pods that were deleted while the kubelet was down get a worker that ends their containers.
  const known = uids();
  for (const { pod } of [...runtime.containers(), ...runtime.sandboxes()]) {
    if (!known.has(pod.uid) && !workers.has(pod.uid)) start(orphan(pod), true);
  }
  const timer = setInterval(() => {
    runtime.refresh().catch((error) => logger.error('Looking at the containers failed', error));
  }, refreshMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};

/** New pods get what the pods that were here before leave. */
const startedFirst = (pods: Iterable<Pod>): Pod[] =>
  [...pods].sort((a, b) => Number(a.status?.startTime === undefined) - Number(b.status?.startTime === undefined));

const orphan = ({ namespace, name, uid }: { namespace: string; name: string; uid: string }): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, uid },
  spec: { containers: [] },
});
