// Writes the status of pods to the API server, with retries. Each pod has one write at a time, of its latest status.
import { isDeepStrictEqual } from 'node:util';
import type { Pod, PodStatus } from '../../../api/core.ts';
import { pods } from '../../../api/resources.ts';
import { isConflict, isNotFound } from '../../client/error.ts';
import type { Client } from '../../client/types.ts';
import type { Queue } from '../../component/queue.ts';
import { startQueue } from '../../component/queue.ts';

export interface StatusWriter {
  /** Returns at once. Sends nothing when the API server has the same status. */
  set(pod: Pod, status: PodStatus): void;
  /** Resolves when the pod's latest status is written or the pod is forgotten. */
  flush(podUid: string): Promise<void>;
  /** Writes again when another component, such as the node lifecycle controller, changed the pod's readiness. */
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
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly onError: (pod: string, error: unknown, retryInMs: number) => void;
}

export const createStatusWriter = ({ client, signal, onError }: StatusWriterOptions): StatusWriter => {
  const entries = new Map<string, Entry>();
  const write = async (uid: string): Promise<void> => {
    const entry = entries.get(uid);
    if (!entry || entry.written) return;
    await send(client, entry.pod, entry.status);
    entry.written = true;
    for (const done of entry.waiters.splice(0)) done();
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
      if (!entry?.written || readiness(pod.status) === readiness(entry.status)) return;
      entry.written = false;
      queueOf(uid).add(uid);
    },
    forget(uid) {
      for (const done of entries.get(uid)?.waiters ?? []) done();
      entries.delete(uid);
      queues.get(uid)?.stop.abort();
      queues.delete(uid);
    },
  };
};

const readiness = (status: PodStatus | undefined): string =>
  `${status?.phase} ${status?.conditions?.find(({ type }) => type === 'Ready')?.status}`;

const send = async (client: Client, pod: Pod, status: PodStatus): Promise<void> => {
  const { name, namespace = 'default', uid = '' } = pod.metadata;
  try {
    // No resource version, because only this kubelet writes the status.
    // The uid, because another pod of the same name must not get this status.
    await client.updateStatus(pods, { metadata: { name, namespace, uid }, spec: pod.spec, status });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
};
