// Chooses the kubectl that runs on the user's machine: the user's own, else a copy of the one in the node image.
import { execFile } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { extract } from 'tar-stream';
import { kubernetesMinor } from '../../api/version.ts';
import { readRegularFile } from '../../kit/read-file.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { removeLeftovers, temporaryFor } from '../../kit/temporary.ts';
import { writingIn } from '../../kit/unwritable.ts';
import type { ContainerSummary, Containers } from '../docker/port.ts';

export interface KubectlOptions {
  readonly containers: Containers;
  /** Its image has a kubectl of the cluster's version. */
  readonly fabric: ContainerSummary;
  readonly cacheFolder: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** @returns the path of a kubectl; undefined when this machine has none and cannot run the one of the node image */
export const findKubectl = async (options: KubectlOptions): Promise<string | undefined> => {
  const folder = join(options.cacheFolder, 'kubectl');
  const versions = openVersions(join(folder, 'versions.json'));
  const [installed] = kubectlsIn(options.variables.PATH ?? '', folder);
  if (installed !== undefined && fits(await versions.of(installed))) return installed;
  if (process.platform !== 'linux') return undefined;
  const copied = join(folder, nameOf(options.fabric.image), 'kubectl');
  if (!existsSync(copied))
    await writingIn({ folder: options.cacheFolder, variable: 'XDG_CACHE_HOME' }, () => copy(options, copied));
  // An engine on another machine may have programs for another processor.
  return fits(await versions.of(copied)) ? copied : undefined;
};

const kubectlsIn = (path: string, ownFolder: string): readonly string[] =>
  path
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.startsWith(ownFolder))
    .map((folder) => join(folder, 'kubectl'))
    .filter((file) => existsSync(file));

/** kubectl supports API servers that are one minor version older or newer. */
const fits = (minor: number): boolean => Math.abs(minor - Number(kubernetesMinor)) <= 1;

const nameOf = (image: string): string => image.replace(/[^\w.-]/g, '-');

/** Copies kubectl out of the fabric, once for each node image, and removes the copies of older images. */
const copy = async ({ containers, fabric, signal }: KubectlOptions, target: string): Promise<void> => {
  const [folder, versions] = [join(target, '..'), join(target, '..', '..')];
  await mkdir(folder, { recursive: true });
  await removeLeftovers(target);
  const temporary = temporaryFor(target);
  try {
    const archive = await containers.getArchive(fabric.id, '/usr/bin/kubectl', signal);
    for await (const entry of archive.pipe(extract()))
      await pipeline(entry, createWriteStream(temporary, { mode: 0o755 }), { signal });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  const others = await readdir(versions, { withFileTypes: true });
  for (const { name } of others.filter((entry) => entry.isDirectory() && join(versions, entry.name) !== folder))
    await rm(join(versions, name), { recursive: true });
};

/** Remembers the versions of programs: asking kubectl takes 60 ms. A program that changed is asked again. */
const openVersions = (file: string) => ({
  /** The minor version; NaN for a program that does not run. */
  of: async (program: string): Promise<number> => {
    const { size, mtimeMs } = await stat(program);
    const key = `${program} ${size} ${mtimeMs}`;
    const known = await readRegularFile(file).then(
      (text) => JSON.parse(text) as Record<string, number | null>,
      () => ({}) as Record<string, number | null>,
    );
    if (Object.hasOwn(known, key)) return known[key] ?? Number.NaN;
    const minor = await askVersion(program);
    // Without a place to write, the program is asked again the next time.
    await replaceFile(file, JSON.stringify({ ...known, [key]: minor })).catch(() => {});
    return minor;
  },
});

const askVersion = async (program: string): Promise<number> => {
  try {
    const { stdout } = await promisify(execFile)(program, ['version', '--client', '-o', 'json'], { timeout: 10_000 });
    return Number.parseInt(JSON.parse(stdout).clientVersion.minor, 10);
  } catch {
    return Number.NaN;
  }
};
