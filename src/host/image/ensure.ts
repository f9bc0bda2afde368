// Makes the node image and the pod image store when they are missing or outdated. Called by start and by setup.

import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { withFileLock } from '../../kit/file-lock.ts';
import { writingIn } from '../../kit/unwritable.ts';
import type { Variables } from '../docker/endpoint.ts';
import type { Containers } from '../docker/port.ts';
import { imageVolume, rootVolume, rootVolumePrefix } from '../plan/names.ts';
import { type Base, type BuildContext, buildNodeImage, buildWorkshop, chooseBase } from './build.ts';
import { type ImageInputs, readInputs } from './inputs.ts';
import { baseImage, imageLabels, nodeImage, rootMarker, storeMarker, workshopImage } from './names.ts';
import { nodeVersion } from './nodejs.ts';
import { fillRoot } from './root.ts';
import { fillStore } from './store.ts';

export interface EnsureOptions {
  readonly docker: Containers;
  /** The checkout. The images are made from its folder `image/`. */
  readonly root: string;
  /** A folder for files that can be made again. */
  readonly cacheFolder: string;
  readonly variables: Variables;
  /** The source of the base, if it is known already. Default: a registry when one answers, else mmdebstrap. */
  readonly base?: Base | undefined;
  /** Called with lines of progress, sometimes many per second. */
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EnsuredImages {
  /** The node image's reference. */
  readonly image: string;
  /** The images that were missing or outdated. */
  readonly made: readonly ('node image' | 'pod images')[];
}

/** How long to wait for another `labs` that is making the images. */
const lockPatienceMs = 600_000;

/**
 * Makes missing images in parallel. If none is missing, this takes two calls to Docker. A failure leaves no incomplete
 * image.
 */
export const ensureImages = async (options: EnsureOptions): Promise<EnsuredImages> => {
  const { docker, cacheFolder, onProgress, signal } = options;
  const inputs = await readImageInputs(options.root);
  const state = await imageState(docker, inputs, signal);
  if (isComplete(state)) return { image: state.image, made: [] };
  onProgress?.('Waiting for another labs process that is making images');
  return await writingIn({ folder: cacheFolder, variable: 'XDG_CACHE_HOME' }, () =>
    withFileLock(join(cacheFolder, 'images.lock'), () => makeMissing(options, inputs), {
      timeoutMs: lockPatienceMs,
      signal,
    }),
  );
};

const makeMissing = async (options: EnsureOptions, inputs: ImageInputs): Promise<EnsuredImages> => {
  const state = await imageState(options.docker, inputs, options.signal);
  if (isComplete(state)) return { image: state.image, made: [] };
  // A failure stops the other build, too.
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  const context: BuildContext = { ...options, inputs, signal };
  const base = options.base ?? (await chooseBase(context));
  const work = [
    ...(state.node === 'present' ? [] : [makeNode(context, base)]),
    ...(state.pods === 'present' ? [] : [makePods(context, base)]),
  ];
  for (const part of work) part.catch((error: unknown) => failure.abort(error));
  await Promise.allSettled(work);
  signal.throwIfAborted();
  await removeOutdated(options.docker, inputs);
  return {
    image: state.image,
    made: [
      ...(state.node === 'present' ? [] : (['node image'] as const)),
      ...(state.pods === 'present' ? [] : (['pod images'] as const)),
    ],
  };
};

const isComplete = ({ node, pods }: ImageState): boolean => node === 'present' && pods === 'present';

export const readImageInputs = async (root: string): Promise<ImageInputs> =>
  readInputs(join(root, 'image'), await nodeVersion(root));

export interface ImageState {
  readonly image: string;
  readonly node: Presence;
  readonly pods: Presence;
}

/** `outdated`: an image exists, but it was made from other inputs. */
export type Presence = 'present' | 'outdated' | 'missing';

/** Which images exist already. */
export const imageState = async (
  docker: Containers,
  inputs: ImageInputs,
  signal?: AbortSignal,
): Promise<ImageState> => {
  const image = nodeImage(inputs.digests.node);
  const [images, volume, root] = await Promise.all([
    docker.images.list({ [imageLabels.kind]: '' }, signal),
    docker.volumes.exists(imageVolume, signal),
    docker.volumes.exists(rootVolume(image), signal),
  ]);
  const tags = new Set(images.flatMap((image) => image.tags));
  const presence = (wanted: string): Presence => {
    if (tags.has(wanted)) return 'present';
    const repository = `${wanted.split(':')[0]}:`;
    return [...tags].some((tag) => tag.startsWith(repository)) ? 'outdated' : 'missing';
  };
  const node = presence(image);
  const hasRoot = root && presence(rootMarker(inputs.digests.node)) === 'present';
  return {
    image,
    node: node === 'present' && !hasRoot ? 'outdated' : node,
    pods: volume ? presence(storeMarker(inputs.digests.pods)) : 'missing',
  };
};

const makePods = async (context: BuildContext, base: Base): Promise<void> => {
  const { inputs } = context;
  await marked(context, { marker: storeMarker(inputs.digests.pods), kind: 'store' }, async () => {
    const workshop = await buildWorkshop(context, base);
    await fillStore({ ...context, image: workshop }, inputs.digests.pods);
  });
};

const makeNode = async (context: BuildContext, base: Base): Promise<void> => {
  await marked(context, { marker: rootMarker(context.inputs.digests.node), kind: 'root' }, async () => {
    const { docker, inputs, signal } = context;
    const image = nodeImage(inputs.digests.node);
    if (!(await docker.images.exists(image, signal))) await buildNodeImage(context, base);
    await fillRoot({ ...context, image });
  });
};

/** Fills a volume. The marker exists only while the volume is complete. */
const marked = async (
  { docker, signal }: BuildContext,
  { marker, kind }: { readonly marker: string; readonly kind: string },
  fill: () => Promise<void>,
): Promise<void> => {
  await docker.images.remove(marker);
  await fill();
  const empty = pack();
  empty.finalize();
  await docker.images.import(marker, Readable.from(empty), {
    changes: [`LABEL ${imageLabels.kind}=${kind}`],
    ...(signal ? { signal } : {}),
  });
};

/** Removes images of earlier inputs, and the workshop. Docker refuses to remove an image that a lab still uses. */
const removeOutdated = async (docker: Containers, inputs: ImageInputs): Promise<void> => {
  const wanted = new Set([
    nodeImage(inputs.digests.node),
    baseImage('node', inputs.digests.nodeBase),
    storeMarker(inputs.digests.pods),
    rootMarker(inputs.digests.node),
  ]);
  const roots = await docker.volumes.list({ [imageLabels.volume]: 'root' });
  for (const { name } of roots) {
    const digest = name.startsWith(rootVolumePrefix) ? name.slice(rootVolumePrefix.length) : inputs.digests.node;
    if (digest === inputs.digests.node) continue;
    // Docker refuses to remove a volume that a lab still uses. Without its mark, an older labs would fill it again.
    await docker.volumes.remove(name).catch(() => wanted.add(rootMarker(digest)));
  }
  const images = await docker.images.list({ [imageLabels.kind]: '' });
  const outdated = images.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith('labs/') && !wanted.has(tag)));
  // The workshop goes first, because Docker can't remove its base before.
  const order = [workshopImage(inputs.digests.pods)];
  for (const tag of outdated.sort((a, b) => order.indexOf(b) - order.indexOf(a)))
    await docker.images.remove(tag).catch(() => {});
};
