// Builds the two images: first the base (pulled, or made by mmdebstrap), then the Dockerfile on top of it.
import { PassThrough } from 'node:stream';
import { pack } from 'tar-stream';
import { LabError } from '../../kit/error.ts';
import { UndoStack } from '../../kit/undo.ts';
import type { Variables } from '../docker/endpoint.ts';
import type { Containers } from '../docker/port.ts';
import { bootstrap, readSources, release } from './debian.ts';
import type { ImageInputs, InputFile } from './inputs.ts';
import { baseImage, imageLabels, nodeImage, workshopImage } from './names.ts';
import { readNodeBinary } from './nodejs.ts';

export interface BuildContext {
  readonly docker: Containers;
  readonly inputs: ImageInputs;
  readonly root: string;
  readonly cacheFolder: string;
  readonly variables: Variables;
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where the base comes from: a registry, or mmdebstrap. */
export type Base = 'registry' | 'bootstrap';

/** How long to wait for a first answer of the registry before mmdebstrap is used instead. */
const registryPatienceMs = 10_000;
const registryImage = `debian:${release}-slim`;

/** Chooses the base: `registry` when Docker has the image or can pull it, else `bootstrap`. */
export const chooseBase = async (context: Pick<BuildContext, 'docker' | 'onProgress' | 'signal'>): Promise<Base> => {
  const { docker, onProgress, signal } = context;
  if (await docker.images.exists(registryImage, signal)) return 'registry';
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('no answer')), registryPatienceMs);
  try {
    onProgress?.(`Pulling ${registryImage}`);
    await docker.images.pull(registryImage, {
      // The registry has answered, so the download may take its time.
      onProgress: (line) => {
        clearTimeout(timer);
        onProgress?.(line);
      },
      signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    });
    return 'registry';
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof LabError && error.code !== 'LAB_IMAGE_PULL') throw error;
    onProgress?.('No registry answers. Making the base from Debian packages instead');
    return 'bootstrap';
  } finally {
    clearTimeout(timer);
  }
};

/** Builds the node image. @returns its reference */
export const buildNodeImage = async (context: BuildContext, base: Base): Promise<string> => {
  const { docker, inputs } = context;
  const { architecture } = await docker.engine(context.signal);
  const [binary, from] = await Promise.all([
    readNodeBinary({ ...context, architecture }),
    prepareBase(context, base, 'node'),
  ]);
  const tag = nodeImage(inputs.digests.node);
  const files = [...inputs.files, { path: 'nodejs/node', mode: 0o755, content: binary }];
  await build(context, { tag, dockerfile: 'Dockerfile', from, files });
  return tag;
};

/** Builds the image that holds the root file systems of the pod images in /pods. @returns its reference */
export const buildWorkshop = async (context: BuildContext, base: Base): Promise<string> => {
  const { inputs } = context;
  const from = await prepareBase(context, base, 'pods');
  const tag = workshopImage(inputs.digests.pods);
  await build(context, { tag, dockerfile: 'pods/Dockerfile', from, files: inputs.files });
  return tag;
};

interface Recipe {
  readonly tag: string;
  readonly dockerfile: string;
  readonly from: string;
  readonly files: readonly InputFile[];
}

const build = async (context: BuildContext, { tag, dockerfile, from, files }: Recipe): Promise<void> => {
  const { docker, variables, onProgress, signal } = context;
  const { local } = await docker.engine(signal);
  await docker.images.build(
    {
      tag,
      dockerfile,
      context: contextArchive(files),
      // The mirror, the apt settings and the host's network belong to this machine, so only a local engine can use
      // them.
      arguments: { BASE: from, ...proxies(variables), ...(local ? await sourceArguments(variables) : {}) },
      ...(local ? { network: 'host' } : {}),
      labels: { [imageLabels.kind]: dockerfile === 'Dockerfile' ? 'node' : 'pods' },
    },
    { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) },
  );
};

const contextArchive = (files: readonly InputFile[]): PassThrough => {
  const archive = pack();
  for (const { path, mode, content } of files) archive.entry({ name: path, mode, mtime: new Date(0) }, content);
  archive.finalize();
  return archive.pipe(new PassThrough());
};

/** Docker's predefined build arguments. They do not stay in the image. */
const proxies = (variables: Variables): Record<string, string> =>
  Object.fromEntries(
    ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) =>
      variables[name] ? [[name, variables[name]]] : [],
    ),
  );

const sourceArguments = async (variables: Variables): Promise<Record<string, string>> => {
  const { mirror, aptOptions } = await readSources(variables);
  return { ...(mirror ? { DEBIAN_MIRROR: mirror } : {}), APT_OPTIONS: aptOptions.join('\n') };
};

/** @returns the reference that the Dockerfile starts from */
const prepareBase = async (context: BuildContext, base: Base, list: 'node' | 'pods'): Promise<string> => {
  if (base === 'registry') return registryImage;
  const { docker, inputs, variables, signal } = context;
  const reference = baseImage(list, list === 'node' ? inputs.digests.nodeBase : inputs.digests.podsBase);
  if (await docker.images.exists(reference, signal)) return reference;
  const made = list === 'node' ? 'node image' : 'pod images';
  const onProgress = (line: string): void => context.onProgress?.(`${made}: ${line}`);
  const { architecture } = await docker.engine(signal);
  await using undo = new UndoStack();
  undo.push('remove the incomplete base', () => docker.images.remove(reference));
  await bootstrap({ packages: inputs.packages[list], architecture, variables, onProgress, signal }, (archive) =>
    docker.images.import(reference, archive as PassThrough, {
      changes: ['CMD ["sh"]', `LABEL ${imageLabels.kind}=base`],
      ...(signal ? { signal } : {}),
    }),
  );
  undo.commit();
  return reference;
};
