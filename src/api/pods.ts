// Facts about the containers of a pod that several components need.
import type { Container, ContainerStatus, EphemeralContainer, PodSpec, PodStatus } from './core-pods.ts';
import type { Condition } from './meta.ts';
import { timestamp } from './time.ts';

/** An init container that keeps running beside the other containers ("native sidecar"). */
export const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

export const sidecarsOf = ({ initContainers = [] }: Partial<PodSpec>): Container[] => initContainers.filter(isSidecar);

/** The containers that run as long as their pod: the containers of the main list, and the sidecars. */
export const lastingContainers = (spec: PodSpec): Container[] => [...spec.containers, ...sidecarsOf(spec)];

/** All containers that the spec names: init containers, containers, ephemeral containers. */
export const allContainers = (spec: PodSpec): (Container | EphemeralContainer)[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
  ...(spec.ephemeralContainers ?? []),
];

/** The statuses of all containers that the spec names. */
export const allStatuses = (status: PodStatus = {}): ContainerStatus[] => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
  ...(status.ephemeralContainerStatuses ?? []),
];

/** The type of the condition of a pod that somebody ends for a reason outside of the pod. */
export const disruptionTarget = 'DisruptionTarget';

/** Why a pod was ended, as the original's components say it (KEP-3329). The kubelet has reasons of its own. */
const disruptions = {
  PreemptionByScheduler: 'default-scheduler: preempting to accommodate a higher priority pod',
  DeletionByTaintManager: 'Taint manager: deleting due to NoExecute taint',
  EvictionByEvictionAPI: 'Eviction API: evicting',
} as const;

/** The conditions of a pod that somebody is about to end. @param now milliseconds since 1970 */
export const conditionsOfDisruption = (
  { conditions = [] }: PodStatus = {},
  reason: keyof typeof disruptions,
  now?: number,
): Condition[] => {
  const others = conditions.filter(({ type }) => type !== disruptionTarget);
  const known = conditions.find(({ type, status }) => type === disruptionTarget && status === 'True');
  const lastTransitionTime = known?.lastTransitionTime ?? timestamp(now);
  return [
    ...others,
    { type: disruptionTarget, status: 'True', reason, message: disruptions[reason], lastTransitionTime },
  ];
};
