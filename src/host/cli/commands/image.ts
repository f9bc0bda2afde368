// `labs image list|load|remove`: the pod images, which all nodes share.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import { ensureImages } from '../../image/ensure.ts';
import { listImages, loadImage, removeImage, type StoreOptions } from '../../image/store.ts';
import type { Context, Run } from '../context.ts';
import { showProgress } from '../progress.ts';
import { table } from '../table.ts';

export const run: Run = async (context, [action = '', ...references]) => {
  const actions: Readonly<Record<string, () => Promise<void>>> = {
    list: () => list(context),
    load: () => forEach(context, action, references, load),
    remove: () => forEach(context, action, references, remove),
  };
  const act = actions[action];
  if (!act) {
    const near = nearest(action, Object.keys(actions));
    throw new LabError('LAB_USAGE', context.say.unknownAction(action), {
      exitCode: ExitCode.usage,
      hint: near === undefined ? context.say.imageActions : context.say.didYouMean(`\`labs image ${near}\``),
    });
  }
  await act();
  return ExitCode.ok;
};

const forEach = async (
  context: Context,
  action: string,
  references: readonly string[],
  work: (context: Context, reference: string) => Promise<void>,
): Promise<void> => {
  if (references.length === 0) {
    throw new LabError('LAB_USAGE', context.say.referenceNeeded, {
      exitCode: ExitCode.usage,
      hint: context.say.referenceNeededHint(action),
    });
  }
  for (const reference of references) await work(context, reference);
};

const list = async (context: Context): Promise<void> => {
  const { output, say, json } = context;
  const images = await listImages(await storeOptions(context));
  if (json) return output.line(JSON.stringify(images, null, 2));
  if (images.length === 0) return output.line(say.noImages);
  const rows = images.map(({ reference, digest, size }) => [reference, shortDigest(digest), megabytes(size)]);
  for (const line of table([say.image, say.id, say.size], rows, output)) output.line(line);
};

const load = async (context: Context, reference: string): Promise<void> => {
  const { output, say } = context;
  using progress = showProgress(context);
  const title = say.loading(reference);
  const startedAt = performance.now();
  progress.onEvent({ step: reference, title, state: 'started' });
  const image = await loadImage({ ...(await storeOptions(context)), onProgress: progress.onProgress }, reference);
  const milliseconds = Math.round(performance.now() - startedAt);
  progress.onEvent({ step: reference, title, state: 'done', milliseconds, detail: megabytes(image.size) });
  output.line(context.json ? JSON.stringify({ loaded: image.reference }) : say.loaded(image.reference));
};

const remove = async (context: Context, reference: string): Promise<void> => {
  await removeImage(await storeOptions(context), reference);
  const { output, say, json } = context;
  output.line(json ? JSON.stringify({ removed: reference }) : say.removed(reference));
};

const storeOptions = async (context: Context): Promise<StoreOptions> => {
  const docker = await context.docker();
  const { environment, paths, signal } = context;
  const { cacheFolder, variables } = environment;
  const { image } = await ensureImages({ docker, root: paths.root, cacheFolder, variables, signal });
  return { docker, image, signal };
};

/** The first 12 digits of `sha256:…`, as Docker shows them. */
const shortDigest = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
