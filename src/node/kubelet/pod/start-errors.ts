// The reasons why a container cannot start: the texts for its status and events, and the time of the next try. Pure.
import type { Container } from '../../../api/core-pods.ts';
import { normaliseReference, type StoredImage } from '../../../api/images.ts';
import { formatGoDuration } from '../../../kit/duration.ts';
import { messageOf } from '../../../kit/error.ts';
import { ContainerConfigError } from '../container/config-error.ts';
import { restartBackoff } from './backoff.ts';
import { imageNameProblem } from './image-name.ts';
import type { Blocked } from './view.ts';

interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Short, so that the pod starts soon after its image was loaded. A look into the image store reads only one file. */
const imageRetryMs = 2000;
const configRetryMs = 3000;

interface Problem {
  readonly blocked: Blocked;
  readonly events: readonly EventText[];
}

/** @returns undefined when the name follows the grammar of image names */
export const invalidImageName = (
  { image }: Container,
  before: Blocked | undefined,
  now: number,
): Problem | undefined => {
  const message = imageNameProblem(image);
  if (message === undefined) return undefined;
  const reason = 'InvalidImageName';
  const events: EventText[] = [
    { type: 'Warning', reason: 'InspectFailed', message },
    { type: 'Warning', reason: 'Failed', message: `Error: ${reason}` },
  ];
  return { blocked: { reason, message, retryAt: now + imageRetryMs }, events: before?.reason === reason ? [] : events };
};

/** An image that is there. Only the policy Always asks for the image at each start of a container. */
export const foundImage = (
  { image, imagePullPolicy }: Container,
  { size }: StoredImage,
  tookMs: number,
): EventText[] => {
  if (imagePullPolicy !== 'Always')
    return [{ type: 'Normal', reason: 'Pulled', message: `Container image "${image}" already present on machine` }];
  const took = formatGoDuration(tookMs);
  const done = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${size} bytes.`;
  return [
    { type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` },
    { type: 'Normal', reason: 'Pulled', message: done },
  ];
};

/**
 * Nodes never pull an image. Whatever the pull policy says, the user must load a missing image into the lab's store.
 * @param before why the last try failed
 */
export const missingImage = (
  { image, imagePullPolicy }: Container,
  before: Blocked | undefined,
  now: number,
): Problem => {
  const retryAt = now + imageRetryMs;
  const remedy = `"${normaliseReference(image)}" is not in the lab's image store; on your machine, run: labs image load ${image}`;
  if (imagePullPolicy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never: ${remedy}`;
    const events: EventText[] = [
      { type: 'Warning', reason: 'ErrImageNeverPull', message },
      { type: 'Warning', reason: 'Failed', message: 'Error: ErrImageNeverPull' },
    ];
    return { blocked: { reason: 'ErrImageNeverPull', message, retryAt }, events: before ? [] : events };
  }
  if (before) {
    const message = `Back-off pulling image "${image}": ErrImagePull: ${remedy}`;
    const events: EventText[] = [
      { type: 'Normal', reason: 'BackOff', message: `Back-off pulling image "${image}"` },
      { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
    ];
    const again = before.reason === 'ImagePullBackOff';
    return { blocked: { reason: 'ImagePullBackOff', message, retryAt }, events: again ? [] : events };
  }
  const message = `Failed to pull image "${image}": ${remedy}`;
  const events: EventText[] = [
    { type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` },
    { type: 'Warning', reason: 'Failed', message },
    { type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' },
  ];
  return { blocked: { reason: 'ErrImagePull', message: remedy, retryAt }, events };
};

/**
 * Retries soon after a configuration error, because a missing ConfigMap may appear. When the program itself cannot
 * start, the wait doubles with each failure.
 */
export const startFailure = (error: unknown, before: Blocked | undefined, now: number): Blocked => {
  const message = messageOf(error);
  if (error instanceof ContainerConfigError) {
    return { reason: 'CreateContainerConfigError', message, retryAt: now + configRetryMs };
  }
  const count = before?.reason === 'RunContainerError' ? (before.failures ?? 1) + 1 : 1;
  const delay = Math.min(restartBackoff.firstMs * 2 ** (count - 1), restartBackoff.maxMs);
  return { reason: 'RunContainerError', message, retryAt: now + delay, failures: count };
};
