// The names and labels of images and of their store in Docker.

/** An empty image that records that the volume with the files of the node image is complete. */
export const rootMarker = (digest: string): string => `labs/root:${digest}`;

/** The labels of images, volume and containers that this folder creates. They are found again by their labels. */
export const imageLabels = {
  /** `node`, `base`, `pods` (the workshop), `store` or `root` (the markers). */
  kind: 'labs.image',
  volume: 'labs.volume',
  /** On helper containers: when the container was created. */
  helper: 'labs.helper',
} as const;

/** The reference of the node image. @param digest of its inputs */
export const nodeImage = (digest: string): string => `labs/node:${digest}`;

/** A base that mmdebstrap made: Debian with the packages of one list. */
export const baseImage = (list: 'node' | 'pods', digest: string): string => `labs/base-${list}:${digest}`;

/** The image in which the pod images are assembled. It is removed after they are copied into the store. */
export const workshopImage = (digest: string): string => `labs/workshop:${digest}`;

/**
 * An empty image that records which inputs filled the store. The labels of a Docker volume can't change, and reading a
 * file of the volume takes a container, which is too slow for a warm start.
 */
export const storeMarker = (digest: string): string => `labs/pods:${digest}`;
