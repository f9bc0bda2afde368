// Writes the status of pods to the API server, with retries. Each pod has one write at a time, of its latest status.
import { isDeepStrictEqual } from 'node:util';
import type { Pod, PodStatus } from '../../../api/core-pods.ts';
import { pods } from '../../../api/resources.ts';
import { ApiError, isConflict, isNotFound } from '../../client/error.ts';
import type { Client } from '../../client/types.ts';
import type { Queue } from '../../component/queue.ts';
import { startQueue } from '../../component/queue.ts';
import { finalPhaseOf } from './runs.ts';
import { mergeStatus } from './status-merge.ts';

export interface StatusWriter {
  /** Returns at once. Sends nothing when the API server has the same status. */
  set(pod: Pod, status: PodStatus): void;
  /** Resolves when the pod's latest status is written or the pod is forgotten. */
  flush(podUid: string): Promise<void>;
  /** Writes again when somebody, such as the node lifecycle controller, changed what only the kubelet knows. */
  verify(pod: Pod): void;
  forget(podUid: string): void;
}

interface Entry {
  readonly pod: Pod;
  readonly status: PodStatus;
  written: boolean;
  readonly waiters: (() => void)[];
}

export interface StatusWriterOptions {
  readonly client: Pick<Client, 'get' | 'updateStatus'>;
  readonly signal: AbortSignal;
  readonly onError: (pod: string, error: unknown, retryInMs: number) => void;
}

export const createStatusWriter = ({ client, signal, onError }: StatusWriterOptions): StatusWriter => {
  const entries = new Map<string, Entry>();
  /** The pod as the API server answered the last write. The watch delivers it later. */
  const answers = new Map<string, Pod>();
  const newest = (uid: string, pod: Pod): Pod => newerOf(pod, answers.get(uid));
  const write = async (uid: string): Promise<void> => {
    const entry = entries.get(uid);
    if (!entry || entry.written) return;
    const answer = await send(client, newest(uid, entry.pod), entry.status);
    if (answer && entries.has(uid)) answers.set(uid, answer);
    entry.written = true;
    // A newer status shares the list of waiters, and its write is still due.
    if (entries.get(uid) === entry) for (const done of entry.waiters.splice(0)) done();
  };
  // One queue per pod: a slow write delays no other pod.
  const queues = new Map<string, { readonly queue: Queue; readonly stop: AbortController }>();
  const queueOf = (uid: string): Queue => {
    const known = queues.get(uid);
    if (known) return known.queue;
    const stop = new AbortController();
    const queue = startQueue({ sync: write, onError, signal: AbortSignal.any([signal, stop.signal]), backoffMs: 100 });
    queues.set(uid, { queue, stop });
    return queue;
  };
  return {
    set(pod, status) {
      const uid = pod.metadata.uid ?? '';
      const before = entries.get(uid);
      if (isDeepStrictEqual(before ? before.status : pod.status, status)) return;
      entries.set(uid, { pod, status, written: false, waiters: before?.waiters ?? [] });
      queueOf(uid).add(uid);
    },
    flush(uid) {
      const entry = entries.get(uid);
      if (!entry || entry.written) return Promise.resolve();
      return new Promise((resolve) => entry.waiters.push(resolve));
    },
    verify(pod) {
      const uid = pod.metadata.uid ?? '';
      const entry = entries.get(uid);
      // An object that is older than the last write says nothing about other writers.
      if (!entry?.written || newest(uid, pod) !== pod) return;
      // Another component ended the pod. The worker now ends the containers and reports that.
      if (finalPhaseOf(pod.status) && !finalPhaseOf(entry.status)) return;
      if (observed(pod.status) === observed(mergeStatus(pod, entry.status))) return;
      entry.written = false;
      queueOf(uid).add(uid);
    },
    forget(uid) {
      for (const done of entries.get(uid)?.waiters ?? []) done();
      entries.delete(uid);
      answers.delete(uid);
      queues.get(uid)?.stop.abort();
      queues.delete(uid);
    },
  };
};

/** What the kubelet sees on its node. The API server stores these values as they are written. */
const observed = (status: PodStatus = {}): string =>
  [
    status.phase,
    status.conditions?.find(({ type }) => type === 'Ready')?.status,
    ...[status.podIP, status.hostIP],
    ...[status.podIPs, status.hostIPs].map((list) => (list ?? []).map(({ ip }) => ip).join('+')),
    ...(status.containerStatuses ?? []).map(({ name, ready }) => `${name}=${ready}`),
  ].join(' ');

/** Resource versions of one resource grow with each write. */
const newerOf = (pod: Pod, answer: Pod | undefined): Pod => {
  const version = ({ metadata }: Pod): number => Number(metadata.resourceVersion ?? 0);
  return answer && version(answer) > version(pod) ? answer : pod;
};

/** The number of times that a write reads the pod again at once, because other components changed it in between. */
const conflictsAtOnce = 5;

/**
 * Writes only on top of the object that the status was merged with, so that no change of another writer is lost.
 * @returns the pod as it is now; undefined when it is gone, or when another pod has its name
 */
const send = async (client: StatusWriterOptions['client'], pod: Pod, status: PodStatus): Promise<Pod | undefined> => {
  const { name, namespace = 'default', uid = '' } = pod.metadata;
  let current = pod;
  for (let conflicts = 0; ; conflicts++) {
    const { resourceVersion = '' } = current.metadata;
    try {
      return await client.updateStatus(pods, {
        metadata: { ...current.metadata, name, namespace, uid, resourceVersion },
        spec: pod.spec,
        status: mergeStatus(current, status),
      });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isRefused(error)) throw error;
      const now = await client.get(pods, { name, namespace }).catch((reason) => {
        if (isNotFound(reason)) return undefined;
        throw reason;
      });
      if (now?.metadata.uid !== uid) return undefined;
      const isChanged = now.metadata.resourceVersion !== resourceVersion;
      if (!isChanged || conflicts === conflictsAtOnce) throw error;
      current = now;
    }
  }
};

/** The pod has changed, or the server refuses the content. A pod with another uid is refused as invalid. */
const isRefused = (error: unknown): boolean => isConflict(error) || (error instanceof ApiError && error.code === 422);
