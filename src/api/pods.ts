// Facts about the containers of a pod that several components need.
import type { Container, ContainerStatus, EphemeralContainer, PodSpec, PodStatus } from './core-pods.ts';

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
