// What images and their store are called in Docker: the one place that knows.

/** Labels of what this folder makes in Docker; with them, what is out of date is found again. */
export const imageLabels = {
  /** `node`, `base` or `pods`. */
  kind: 'labs.image',
  volume: 'labs.volume',
  /** On the helper containers, which live for seconds. */
  helper: 'labs.helper',
} as const;

/** Inputs' digest → the node image's reference. */
export const nodeImage = (digest: string): string => `labs/node:${digest}`;

/** Debian with the packages of one list, made by mmdebstrap where no registry answers. */
export const baseImage = (list: 'node' | 'pods', digest: string): string => `labs/base-${list}:${digest}`;

/** Where the pod images are assembled; removed once they lie in the store. */
export const workshopImage = (digest: string): string => `labs/workshop:${digest}`;

/**
 * An empty image, made when the store has been filled: Docker's labels of a volume can't change, and looking into a volume
 * takes a container, which a warm start has no time for.
 */
export const storeMarker = (digest: string): string => `labs/pods:${digest}`;
