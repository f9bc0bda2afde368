// The pod image store on the host's side: fills it with the built-in images, and adds, lists and removes images.
// Its layout is src/api/images.ts; the kubelets read it.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { type ImageConfig, normaliseReference, type StoredImage } from '../../api/images.ts';
import { LabError } from '../../kit/error.ts';
import { UndoStack } from '../../kit/undo.ts';
import type { Containers } from '../docker/port.ts';
import { labels } from '../plan/names.ts';
import { type Helper, helperName, helperStore, withStore } from './helper.ts';
import { imageLabels } from './names.ts';

/** Built-in image → the references under which pods find it. */
const builtIn: Readonly<Record<string, readonly string[]>> = {
  busybox: ['busybox', 'busybox:1.37'],
  web: ['web'],
  db: ['db'],
  toolbox: ['toolbox'],
};

export interface StoreOptions {
  readonly docker: Containers;
  /** The node image, or the workshop. */
  readonly image: string;
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Copies the built-in images out of the workshop's /pods. @param inputsDigest tells one build of them from another */
export const fillStore = (options: StoreOptions, inputsDigest: string): Promise<void> =>
  withStore(options, async (helper) => {
    const digests = Object.keys(builtIn).map((name) => [name, sha256(`${inputsDigest} ${name}`)] as const);
    options.onProgress?.('Copying the pod images into their store');
    const output = await helper.run(copyPods, [token(), ...digests.map(([name, digest]) => `${name}=${digest}`)]);
    const images = parseCopied(output).flatMap(({ name, size, config }) =>
      (builtIn[name] ?? []).map((reference): StoredImage => {
        const digest = `sha256:${new Map(digests).get(name)}`;
        return { reference: normaliseReference(reference), digest, size, config };
      }),
    );
    if (images.length === 0) throw new LabError('LAB_IMAGE_STORE', 'No pod image has been made');
    await writeReferences(helper, images);
    await removeUnused(options.docker, helper);
  });

/** Puts an image of the Docker engine's, which pulls it where it must, into the store. */
export const loadImage = async (options: StoreOptions, reference: string): Promise<StoredImage> => {
  const { docker, onProgress, signal } = options;
  const detail = await findOrPull(options, reference);
  const digest = detail.id.replace(/^sha256:/, '');
  await using undo = new UndoStack();
  const source = helperName();
  undo.push('remove the container of the image', () => docker.remove(source));
  const labels = { [imageLabels.helper]: new Date().toISOString() };
  // Never started; some images have no command, and Docker wants one.
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

/** All images that pods can run. */
export const listImages = (options: StoreOptions): Promise<readonly StoredImage[]> =>
  withStore(options, async (helper) => {
    const output = await helper.run(
      'cd "$1"; mkdir -p refs; for ref in refs/*; do [ ! -f "$ref" ] || { cat "$ref"; echo; }; done',
      [helperStore],
    );
    const images = output.split('\n').filter((line) => line !== '');
    return images.map((line) => JSON.parse(line) as StoredImage).sort((a, b) => (a.reference < b.reference ? -1 : 1));
  });

/** Takes a reference out of the store. @throws LabError LAB_IMAGE_UNKNOWN where there is none */
export const removeImage = (options: StoreOptions, reference: string): Promise<void> =>
  withStore(options, async (helper) => {
    const normalised = normaliseReference(reference);
    const gone = await helper.run('if rm "$1" 2>/dev/null; then echo gone; fi', [refPath(normalised)]);
    if (gone === '')
      throw new LabError('LAB_IMAGE_UNKNOWN', `There is no image ${normalised} in the store`, {
        hint: 'See `labs image list`.',
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

/** Only what src/api/images.ts knows, without what is empty. */
const ociConfig = (config: Readonly<Record<string, unknown>>): ImageConfig => {
  const names = ['Env', 'Entrypoint', 'Cmd', 'WorkingDir', 'User', 'ExposedPorts', 'StopSignal'] as const;
  return Object.fromEntries(names.flatMap((name) => (config[name] ? [[name, config[name]]] : [])));
};

/** `/pods` of the workshop → blobs; hard links between the images stay. A blob appears whole or not at all. */
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

/** Not while a lab runs: its pods may still stand on what no reference leads to. */
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
