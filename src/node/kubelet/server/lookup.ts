// From the names in a request's path to what runs.
import type { Pod } from '../../../api/core.ts';
import type { CrunRuntime } from '../runtime/crun-runtime.ts';
import type { ContainerRecord, Sandbox } from '../runtime/runtime.ts';

/** A request that can't be served; its message is the answer's body. */
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

/** The container that runs under that name. @throws RequestError in the original's words */
export const runningContainer = ({ find, runtime }: PodLookup, namespace: string, podName: string, name: string) => {
  const pod = find(namespace, podName);
  if (!pod) throw new RequestError(404, `pod does not exist`);
  const records = runtime.containers().filter((record) => record.pod.uid === pod.metadata.uid && record.name === name);
  const newest = records.at(-1);
  if (!newest || newest.exit) throw new RequestError(500, `container not found ("${name}")`);
  return newest;
};

/** The newest container of that name, or the one before it. @throws RequestError in the original's words */
export const findContainer = (
  { find, runtime }: PodLookup,
  namespace: string,
  podName: string,
  name: string,
  previous = false,
): ContainerRecord => {
  const pod = find(namespace, podName);
  if (!pod) throw new RequestError(404, `pod "${podName}" does not exist`);
  const declared = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(
    (container) => container.name === name,
  );
  if (!declared) throw new RequestError(404, `container "${name}" not found in pod "${podName}"`);
  const records = runtime.containers().filter((record) => record.pod.uid === pod.metadata.uid && record.name === name);
  if (previous) {
    // While the newest waits for its next run, it is itself the one that ended.
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

const statusOf = (pod: Pod, name: string) =>
  [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
    (status) => status.name === name,
  );

const isWaiting = (pod: Pod, name: string): boolean => statusOf(pod, name)?.state?.waiting !== undefined;

const waitingReason = (pod: Pod, name: string): string => {
  const reason = statusOf(pod, name)?.state?.waiting?.reason ?? 'ContainerCreating';
  if (reason === 'ErrImagePull') return "image can't be pulled";
  return reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : reason;
};
