// Writes the files of a configMap, secret, downwardAPI or projected volume, so that a reader never sees half an update.
import { chmod, chown, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { giveToGroup } from './ownership.ts';
import type { VolumeFile } from './volume-files.ts';

/**
 * Writes the files into a new folder, then points the `..data` link at it. The original kubelet's atomic writer has the
 * same layout. Does nothing when the content is the same.
 * @param group the pod's `fsGroup`
 */
export const publish = async (
  folder: string,
  files: readonly VolumeFile[],
  group: number | undefined,
): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const current = await readlink(join(folder, '..data')).catch(() => undefined);
  if (current !== undefined && (await hasContent(join(folder, current), files))) return;
  if (current === undefined) await chmod(folder, 0o777);
  const fresh = `..${new Date().toISOString().replace(/[-:TZ.]/g, '_')}${Math.random().toString(36).slice(2, 8)}`;
  await mkdir(join(folder, fresh));
  await chmod(join(folder, fresh), 0o755);
  for (const file of files) await writeVolumeFile(join(folder, fresh, file.path), file);
  // A kubelet that was killed here before has left its link.
  await rm(join(folder, '..data_tmp'), { force: true });
  await symlink(fresh, join(folder, '..data_tmp'));
  if (group !== undefined) await giveToGroup(folder, group, 0o440);
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  await linkEntries(folder, files);
  await removeOthers(folder, fresh);
};

/** Removes the folders of earlier updates, also of an update that a killed kubelet did not complete. */
const removeOthers = async (folder: string, fresh: string): Promise<void> => {
  const old = (await readdir(folder)).filter((name) => name.startsWith('..') && name !== '..data' && name !== fresh);
  for (const name of old) await rm(join(folder, name), { recursive: true, force: true });
};

const writeVolumeFile = async (target: string, { content, mode, uid }: VolumeFile): Promise<void> => {
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  await chmod(target, mode);
  if (uid !== undefined) await chown(target, uid, 0);
};

/** Each name at the top of the volume is a link into `..data`. */
const linkEntries = async (folder: string, files: readonly VolumeFile[]): Promise<void> => {
  const wanted = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  const present = new Set((await readdir(folder)).filter((name) => !name.startsWith('..')));
  for (const name of wanted) if (!present.has(name)) await symlink(join('..data', name), join(folder, name));
  for (const name of present) if (!wanted.has(name)) await rm(join(folder, name), { force: true });
};

const hasContent = async (folder: string, files: readonly VolumeFile[]): Promise<boolean> => {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  if (names.filter((entry) => entry.isFile()).length !== files.length) return false;
  const same = files.map(async ({ path, content }) => content.equals(await readFile(join(folder, path))));
  return (await Promise.all(same.map((check) => check.catch(() => false)))).every(Boolean);
};
