// Facts about the containers of a pod that several components need.
import type { Container, EphemeralContainer, PodSpec } from './core.ts';

/** An init container that keeps running beside the other containers ("native sidecar"). */
export const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

export const sidecarsOf = ({ initContainers = [] }: Partial<PodSpec>): Container[] => initContainers.filter(isSidecar);

/** All containers that the spec names: init containers, containers, ephemeral containers. */
export const allContainers = (spec: PodSpec): (Container | EphemeralContainer)[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
  ...(spec.ephemeralContainers ?? []),
];
