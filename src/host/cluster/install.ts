// Packs the planned files of a machine into one tar archive, which the engine unpacks before the machine starts.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { LabError } from '../../kit/error.ts';
import { filesFolder } from '../plan/boot.ts';
import type { PlannedFile } from '../plan/types.ts';

/** Reads a bundle by its name in `dist/`, such as `node/kube-proxy.js`. */
export type Bundles = (name: string) => Promise<Buffer>;

/** The bundles of a `dist` folder. Each is read once. */
export const bundlesIn = (folder: string): Bundles => {
  const read = new Map<string, Promise<Buffer>>();
  return (name) => {
    const known = read.get(name) ?? readBundle(folder, name);
    read.set(name, known);
    return known;
  };
};

const readBundle = async (folder: string, name: string): Promise<Buffer> => {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    throw new LabError('LAB_NOT_BUILT', `The component ${name} has not been built`, {
      cause,
      hint: 'Run `npm run build` in the checkout.',
    });
  }
};

/** Folders that the image already has. The archive leaves them out, so that their modes stay unchanged. */
const imageFolders = new Set([
  ...['/', '/etc', '/etc/systemd', '/etc/systemd/system', '/root', '/usr', '/usr/local', '/usr/local/bin'],
  ...['/usr/local/lib', '/usr/local/sbin', '/var', '/var/lib', '/var/log', '/var/cache'],
]);

/** In a layer of its own, each folder decides for those below it. Only root's home is no folder for all. */
const modeOf = (folder: string): number => (folder === `${filesFolder}/root` ? 0o700 : 0o755);

/**
 * A tar archive of the files and of the folders above them.
 * @param root where the archive will be unpacked. The files are below it
 */
export const archive = async (
  files: readonly PlannedFile[],
  bundles: Bundles,
  { root = '/' }: { readonly root?: string } = {},
): Promise<Buffer> => {
  const tar = pack();
  const whole = buffer(tar);
  const nameOf = (path: string): string => path.slice(root === '/' ? 1 : root.length + 1);
  const folders = new Set(files.flatMap(({ path }) => foldersAbove(path)));
  for (const folder of [...folders].sort())
    if (nameOf(folder) !== '') tar.entry({ name: nameOf(folder), type: 'directory', mode: modeOf(folder) });
  for (const file of files) {
    const name = nameOf(file.path);
    if ('symlink' in file) tar.entry({ name, type: 'symlink', linkname: file.symlink });
    else tar.entry({ name, mode: file.mode }, 'content' in file ? file.content : await bundles(file.bundle));
  }
  tar.finalize();
  return await whole;
};

/** What the fabric needs to tell the components of a machine from other programs: path → SHA-256. */
export const programsRecord = async (
  machine: string,
  programs: readonly PlannedFile[],
  bundles: Bundles,
): Promise<PlannedFile> => {
  const digests = programs.map(async (file) => {
    const content = 'bundle' in file ? await bundles(file.bundle) : 'content' in file ? file.content : '';
    return [file.path, createHash('sha256').update(content).digest('hex')] as const;
  });
  const content = JSON.stringify(Object.fromEntries(await Promise.all(digests)));
  return { path: `/var/lib/labs-programs/${machine}.json`, mode: 0o600, content };
};

const foldersAbove = (path: string): string[] => {
  const folder = dirname(path);
  return imageFolders.has(folder) ? [] : [...foldersAbove(folder), folder];
};
