// The state of a pod, as several controllers need it (pkg/api/v1/pod and helpers of pkg/controller).
import { isConditionTrue } from '../../api/conditions.ts';
import type { ContainerStatus, Pod } from '../../api/core-pods.ts';
import type { Condition } from '../../api/meta.ts';
import { isSidecar } from '../../api/pods.ts';

export const podCondition = (pod: Pod, type: string): Condition | undefined =>
  pod.status?.conditions?.find((condition) => condition.type === type);

export const isReady = (pod: Pod): boolean => isConditionTrue(pod.status?.conditions, 'Ready');

/** Succeeded or Failed: its containers will not run again. */
export const isTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

export const isActive = (pod: Pod): boolean => !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

/** The time since when the pod is Ready, in milliseconds since 1970. Undefined if it is not Ready. */
export const readySince = (pod: Pod): number | undefined =>
  isReady(pod) ? Date.parse(podCondition(pod, 'Ready')?.lastTransitionTime ?? '') || 0 : undefined;

/** The time until the pod has been Ready for `minReadySeconds`. 0: available now. Undefined: not Ready. */
export const availableInMs = (pod: Pod, minReadySeconds: number, now: number): number | undefined => {
  const since = readySince(pod);
  return since === undefined ? undefined : minReadySeconds <= 0 ? 0 : Math.max(0, since + minReadySeconds * 1000 - now);
};

/**
 * Orders pods for deletion; negative if `a` is deleted first. The criteria, in this order: not bound, not running, not
 * ready, lower deletion cost, more siblings on the node, ready for a shorter time, more restarts of a
 * container, more restarts of a sidecar, younger (ActivePodsWithRanks).
 * @param siblings how many pods of the same owner are on the pod's node
 */
export const deletionOrder =
  (siblings: (pod: Pod) => number) =>
  (a: Pod, b: Pod): number => {
    const differences = [
      () => order(a.spec.nodeName !== undefined, b.spec.nodeName !== undefined),
      () => phaseRank(a) - phaseRank(b),
      () => order(isReady(a), isReady(b)),
      () => deletionCost(a) - deletionCost(b),
      () => siblings(b) - siblings(a),
      () => (readySince(b) ?? 0) - (readySince(a) ?? 0),
      () => restarts(b) - restarts(a),
      () => sidecarRestarts(b) - sidecarRestarts(a),
      () => createdAt(b) - createdAt(a),
      () => (a.metadata.name < b.metadata.name ? 1 : -1),
    ];
    for (const difference of differences) {
      const value = difference();
      if (value !== 0) return value;
    }
    return 0;
  };

const order = (a: boolean, b: boolean): number => Number(a) - Number(b);

const phaseRank = (pod: Pod): number => ['Pending', 'Unknown', 'Running'].indexOf(pod.status?.phase ?? 'Pending');

const deletionCost = (pod: Pod): number =>
  Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0;

const restarts = ({ status }: Pod): number => mostRestarts(status?.containerStatuses);

const sidecarRestarts = ({ spec, status }: Pod): number => {
  const names = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  return mostRestarts(status?.initContainerStatuses?.filter(({ name }) => names.has(name)));
};

const mostRestarts = (statuses: readonly ContainerStatus[] = []): number =>
  Math.max(0, ...statuses.map(({ restartCount }) => restartCount));

export const createdAt = ({ metadata }: { metadata: { creationTimestamp?: string } }): number =>
  Date.parse(metadata.creationTimestamp ?? '') || 0;
