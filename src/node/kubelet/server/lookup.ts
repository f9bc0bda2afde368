// Finds the container or sandbox for the names in a request's path.
import type { Pod } from '../../../api/core-pods.ts';
import { allContainers, allStatuses } from '../../../api/pods.ts';
import type { CrunRuntime } from '../runtime/crun-runtime.ts';
import type { ContainerRecord, Sandbox } from '../runtime/runtime.ts';

/** A request that cannot be served. The client gets the HTTP code and the message. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface PodLookup {
  all(): Pod[];
  find(namespace: string, name: string): Pod | undefined;
  sandbox(namespace: string, name: string): Sandbox | undefined;
  readonly runtime: CrunRuntime;
}

/** @returns the running container of this name. @throws RequestError with the original kubelet's message */
export const runningContainer = ({ find, runtime }: PodLookup, namespace: string, podName: string, name: string) => {
  const pod = find(namespace, podName);
  if (!pod) throw new RequestError(404, `pod does not exist`);
  const records = runtime.containers().filter((record) => record.pod.uid === pod.metadata.uid && record.name === name);
  const newest = records.at(-1);
  if (!newest || newest.exit) throw new RequestError(500, `container not found ("${name}")`);
  return newest;
};

/**
 * @returns the newest container of this name; with `previous`, the container of the run before.
 * @throws RequestError with the original kubelet's message
 */
export const findContainer = (
  { find, runtime }: PodLookup,
  namespace: string,
  podName: string,
  name: string,
  previous = false,
): ContainerRecord => {
  const pod = find(namespace, podName);
  if (!pod) throw new RequestError(404, `pod "${podName}" does not exist`);
  const declared = allContainers(pod.spec).some((container) => container.name === name);
  if (!declared) throw new RequestError(404, `container "${name}" not found in pod "${podName}"`);
  const records = runtime.containers().filter((record) => record.pod.uid === pod.metadata.uid && record.name === name);
  if (previous) {
    // While the container waits for its next run, the newest record is the previous run.
    const ended = records.findLast(
      (record, index) => record.exit && (index < records.length - 1 || isWaiting(pod, name)),
    );
    if (ended) return ended;
    throw new RequestError(400, `previous terminated container "${name}" in pod "${podName}" not found`);
  }
  const newest = records.at(-1);
  if (newest) return newest;
  throw new RequestError(
    400,
    `container "${name}" in pod "${podName}" is waiting to start: ${waitingReason(pod, name)}`,
  );
};

const statusOf = (pod: Pod, name: string) => allStatuses(pod.status).find((status) => status.name === name);

const isWaiting = (pod: Pod, name: string): boolean => statusOf(pod, name)?.state?.waiting !== undefined;

const waitingReason = (pod: Pod, name: string): string => {
  const reason = statusOf(pod, name)?.state?.waiting?.reason ?? 'ContainerCreating';
  if (reason === 'ErrImagePull') return "image can't be pulled";
  return reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : reason;
};
