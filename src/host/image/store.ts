// The pod image store: fills it with the built-in images, and adds, lists and removes images. The kubelets read the
// store; its layout is in src/api/images.ts.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { builtInReferences, type ImageConfig, normaliseReference, type StoredImage } from '../../api/images.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { UndoStack } from '../../kit/undo.ts';
import type { Containers } from '../docker/port.ts';
import { labels } from '../plan/names.ts';
import { type Helper, helperName, helperStore, withStore } from './helper.ts';
import { imageLabels } from './names.ts';

export interface StoreOptions {
  readonly docker: Containers;
  /** The image for the helper container: the node image or the workshop. */
  readonly image: string;
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Copies the built-in images from /pods of the workshop. @param inputsDigest identifies the build */
export const fillStore = (options: StoreOptions, inputsDigest: string): Promise<void> =>
  withStore(options, async (helper) => {
    const digests = Object.keys(builtInReferences).map((name) => [name, sha256(`${inputsDigest} ${name}`)] as const);
    options.onProgress?.('Copying the pod images into their store');
    const output = await helper.run(copyPods, [token(), ...digests.map(([name, digest]) => `${name}=${digest}`)]);
    const images = parseCopied(output).flatMap(({ name, size, config }) =>
      (builtInReferences[name] ?? []).map((reference): StoredImage => {
        const digest = `sha256:${new Map(digests).get(name)}`;
        return { reference: normaliseReference(reference), digest, size, config };
      }),
    );
    if (images.length === 0) throw new LabError('LAB_IMAGE_STORE', 'The workshop image contains no pod images');
    await writeReferences(helper, images);
    await removeUnused(options.docker, helper);
  });

/** Copies an image from the Docker engine into the store. Docker pulls the image if it is missing. */
export const loadImage = async (options: StoreOptions, reference: string): Promise<StoredImage> => {
  const { docker, onProgress, signal } = options;
  const detail = await findOrPull(options, reference);
  const digest = detail.id.replace(/^sha256:/, '');
  await using undo = new UndoStack();
  const source = helperName();
  undo.push('remove the container of the image', () => docker.remove(source));
  const labels = { [imageLabels.helper]: new Date().toISOString() };
  // This container is never started, but Docker requires a command, and some images have none.
  await docker.create({ name: source, image: reference, network: 'none', command: ['-'], labels }, signal);
  return await withStore(options, async (helper) => {
    onProgress?.(`Copying ${reference} into the store`);
    const incoming = `${helperStore}/.incoming-${token()}`;
    const archive = await docker.getArchive(source, '/', signal);
    await helper.feed('mkdir -p "$1/rootfs"; tar -xpf - -C "$1/rootfs" --numeric-owner', [incoming], archive);
    const size = Number(await helper.run(adoptBlob, [incoming, digest]));
    const image: StoredImage = {
      reference: normaliseReference(reference),
      digest: `sha256:${digest}`,
      size,
      config: ociConfig(detail.config),
    };
    await writeReferences(helper, [image]);
    return image;
  });
};

/**
 * @param references of images that a lab needs
 * @throws LabError `LAB_IMAGES_MISSING` that names the command which loads those that the store lacks
 */
export const refuseMissingImages = async (options: StoreOptions, references: readonly string[]): Promise<void> => {
  const known = new Set((await listImages(options)).map(({ reference }) => reference));
  const missing = references.filter((reference) => !known.has(normaliseReference(reference)));
  if (missing.length === 0) return;
  throw new LabError('LAB_IMAGES_MISSING', `The lab needs images that are not loaded: ${missing.join(', ')}`, {
    exitCode: ExitCode.usage,
    refusal: true,
    hint: `Run \`labs image load ${missing.join(' ')}\`, then start the lab again.`,
  });
};

/** All images in the store. */
export const listImages = (options: StoreOptions): Promise<readonly StoredImage[]> =>
  withStore(options, async (helper) => {
    const output = await helper.run(
      'cd "$1"; mkdir -p refs; for ref in refs/*; do [ ! -f "$ref" ] || { cat "$ref"; echo; }; done',
      [helperStore],
    );
    const images = output.split('\n').filter((line) => line !== '');
    return images.map((line) => JSON.parse(line) as StoredImage).sort((a, b) => (a.reference < b.reference ? -1 : 1));
  });

/** Removes a reference from the store. @throws LabError LAB_IMAGE_UNKNOWN when it does not exist */
export const removeImage = (options: StoreOptions, reference: string): Promise<void> =>
  withStore(options, async (helper) => {
    const normalised = normaliseReference(reference);
    const gone = await helper.run('if rm "$1" 2>/dev/null; then echo gone; fi', [refPath(normalised)]);
    if (gone === '')
      throw new LabError('LAB_IMAGE_UNKNOWN', `There is no image ${normalised} in the store`, {
        hint: 'Run `labs image list` to see the images in the store.',
        exitCode: 2,
      });
    await removeUnused(options.docker, helper);
  });

const findOrPull = async ({ docker, onProgress, signal }: StoreOptions, reference: string) => {
  const known = await docker.images.inspect(reference, signal);
  if (known) return known;
  onProgress?.(`Pulling ${reference}`);
  await docker.images.pull(reference, { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) });
  const pulled = await docker.images.inspect(reference, signal);
  if (!pulled) throw new LabError('LAB_IMAGE_MISSING', `Docker has no image ${reference}`);
  return pulled;
};

/** The fields of `ImageConfig` that are not empty. */
const ociConfig = (config: Readonly<Record<string, unknown>>): ImageConfig => {
  const names = ['Env', 'Entrypoint', 'Cmd', 'WorkingDir', 'User', 'ExposedPorts', 'StopSignal'] as const;
  return Object.fromEntries(names.flatMap((name) => (config[name] ? [[name, config[name]]] : [])));
};

/**
 * Copies `/pods` of the workshop into blobs and keeps hard links between them. Each blob is renamed into place
 * when it is complete.
 */
const copyPods = `
cd ${helperStore}
mkdir -p blobs refs
incoming=.incoming-$1
shift
trap 'rm -rf "$incoming"' EXIT
cp -a /pods "$incoming"
for pair; do
  name=\${pair%%=*}
  blob=blobs/\${pair#*=}
  [ -d "$blob" ] || mv "$incoming/$name" "$blob"
  echo "$name $(du -s -B1 "$blob/rootfs" | cut -f1) $(cat "$blob/config.json")"
done
`;

const parseCopied = (output: string): { name: string; size: number; config: ImageConfig }[] =>
  output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name = '', size = '0', config = '{}'] = /^(\S+) (\d+) (.*)$/.exec(line) ?? [];
      return { name, size: Number(size), config: JSON.parse(config) as ImageConfig };
    });

const adoptBlob = `
cd ${helperStore}
mkdir -p blobs refs
if [ -d "blobs/$2" ]; then rm -rf "$1"; else mv "$1" "blobs/$2"; fi
du -s -B1 "blobs/$2/rootfs" | cut -f1
`;

const refPath = (reference: string): string => `${helperStore}/refs/${encodeURIComponent(reference)}`;

const writeReferences = async (helper: Helper, images: readonly StoredImage[]): Promise<void> => {
  const archive = pack();
  for (const image of images)
    archive.entry({ name: encodeURIComponent(image.reference), mode: 0o644 }, JSON.stringify(image));
  archive.finalize();
  await helper.feed('tar -xf - -C "$1/refs"', [helperStore], Readable.from([await buffer(archive)]));
};

/** Removes blobs without a reference, unless a lab runs: its pods may still use them. */
const removeUnused = async (docker: Containers, helper: Helper): Promise<void> => {
  const machines = await docker.list({ [labels.name]: '' });
  if (machines.some(({ status }) => status === 'running')) return;
  await helper.run(
    `cd ${helperStore}; for blob in blobs/*; do grep -qF "\${blob#blobs/}" refs/* || rm -rf "$blob"; done; rm -rf .incoming-*`,
    [],
  );
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const token = (): string => randomBytes(6).toString('hex');
