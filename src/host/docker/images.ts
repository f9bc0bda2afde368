// The part of the adapter that handles images.
import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { LabError } from '../../kit/error.ts';
import { aborting, type Call, ignoring, labelFilter, undefinedIfMissing } from './call.ts';
import { translateText } from './errors.ts';
import type { Images, ProgressOptions } from './port.ts';
import { jsonLines } from './streams.ts';

export const createImages = (docker: Dockerode, call: Call): Images => ({
  exists: (reference, signal) =>
    call(async () => (await undefinedIfMissing(docker.getImage(reference).inspect())) !== undefined, signal),
  inspect: (reference, signal) =>
    call(async () => {
      const seen = await undefinedIfMissing(docker.getImage(reference).inspect());
      if (!seen) return undefined;
      return {
        id: seen.Id,
        tags: seen.RepoTags ?? [],
        labels: seen.Config.Labels ?? {},
        size: seen.Size,
        architecture: seen.Architecture,
        config: seen.Config as unknown as Record<string, unknown>,
      };
    }, signal),
  list: (labels, signal) =>
    call(async () => {
      const found = await docker.listImages({ filters: { label: labelFilter(labels) }, ...aborting(signal) });
      return found.map((image) => ({
        id: image.Id,
        tags: image.RepoTags ?? [],
        labels: image.Labels ?? {},
        size: image.Size,
      }));
    }, signal),
  pull: (reference, options = {}) =>
    call(async () => {
      try {
        const tagged = /[:@][^/]+$/.test(reference) ? reference : `${reference}:latest`;
        await follow((await docker.pull(tagged, aborting(options.signal))) as Readable, 'LAB_IMAGE_PULL', options);
      } catch (error) {
        throw notPulled(reference, error);
      }
    }, options.signal),
  build: (spec, options = {}) =>
    call(async () => {
      const stream = await docker.buildImage(spec.context as NodeJS.ReadableStream, {
        t: spec.tag,
        buildargs: { ...spec.arguments },
        labels: { ...spec.labels },
        ...(spec.network ? { networkmode: spec.network } : {}),
        ...(spec.dockerfile ? { dockerfile: spec.dockerfile } : {}),
        rm: true,
        forcerm: true,
        ...aborting(options.signal),
      });
      await follow(stream as Readable, 'LAB_IMAGE_BUILD', options);
    }, options.signal),
  import: (reference, rootfs, options = {}) =>
    call(async () => {
      const { repository, tag } = splitReference(reference);
      const stream = await docker.importImage(rootfs, {
        repo: repository,
        tag,
        ...(options.changes ? { changes: [...options.changes] } : {}),
        ...aborting(options.signal),
      } as object);
      await follow(stream as Readable, 'LAB_IMAGE_IMPORT', options);
    }, options.signal),
  remove: (reference, signal) =>
    call(() => ignoring([404], docker.getImage(reference).remove(aborting(signal))), signal),
});

/** Reads a progress stream to its end. Docker reports an error as a line of the stream, after the HTTP status 200. */
const follow = async (stream: Readable, code: string, { onProgress, signal }: ProgressOptions): Promise<void> => {
  const stop = (): void => void stream.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  const recent: string[] = [];
  try {
    for await (const event of jsonLines(stream)) {
      if (typeof event.error === 'string') throw translateText(code, event.error.trim(), recent);
      const line = typeof event.stream === 'string' ? event.stream : progressLine(event);
      // A program's progress bar arrives as many lines in one event. Only its last state is shown.
      const last = line
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1)
        ?.trim();
      if (!last) continue;
      recent.push(...line.trimEnd().split(/[\r\n]+/));
      recent.splice(0, recent.length - 40);
      onProgress?.(last);
    }
    signal?.throwIfAborted();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
};

const progressLine = ({ status, id }: Record<string, unknown>): string =>
  typeof status === 'string' ? `${status}${typeof id === 'string' ? ` ${id}` : ''}` : '';

const notPulled = (reference: string, cause: unknown): unknown => {
  const { statusCode, code } = cause as { statusCode?: number; code?: string };
  // Docker itself gave no answer, so the registry is not the cause.
  if (statusCode === undefined && code !== 'LAB_IMAGE_PULL') return cause;
  return new LabError('LAB_IMAGE_PULL', `Docker could not pull ${reference}`, {
    cause,
    hint: 'Check the name and the connection to the registry, or load the image into Docker with `docker load`.',
  });
};

const splitReference = (reference: string): { repository: string; tag: string } => {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/')
    ? { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { repository: reference, tag: 'latest' };
};
