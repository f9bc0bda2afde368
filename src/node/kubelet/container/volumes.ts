// A pod's volumes on the node's disk, and the mounts that put them into containers.
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, Pod, Volume } from '../../../api/core.ts';
import { messageOf } from '../../../kit/error.ts';
import { mountsBelow, mountTmpfs, unmount } from '../../sys/mount.ts';
import type { ContainerMount } from '../runtime/runtime.ts';
import { VolumeError } from './volume-error.ts';
import { isFileVolume, type VolumeContext, type VolumeFile, volumeFiles } from './volume-files.ts';

/** @returns the volume's folder. The layout below `podsFolder` is the original kubelet's. */
export const volumePath = (podsFolder: string, pod: Pod, volume: Volume): string => {
  if (volume.hostPath) return volume.hostPath.path;
  const kind = volume.configMap ? 'configmap' : volume.secret ? 'secret' : volume.projected ? 'projected' : 'empty-dir';
  return join(podsFolder, pod.metadata.uid ?? '', 'volumes', `kubernetes.io~${kind}`, volume.name);
};

/** Makes all volumes of the pod, or updates the files in them. @throws VolumeError */
export const syncVolumes = async (podsFolder: string, context: VolumeContext): Promise<void> => {
  for (const volume of context.pod.spec.volumes ?? []) {
    try {
      await syncVolume(volumePath(podsFolder, context.pod, volume), volume, context);
    } catch (cause) {
      const what = `MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(cause)}`;
      throw new VolumeError(what, { cause });
    }
  }
};

const syncVolume = async (path: string, volume: Volume, context: VolumeContext): Promise<void> => {
  if (volume.hostPath) await prepareHostPath(volume.hostPath);
  else if (isFileVolume(volume)) await publish(path, volumeFiles(volume, context));
  else await prepareEmptyDir(path, volume.emptyDir);
};

/** Unmounts and removes all files of the pod on the node's disk. */
export const removeVolumes = async (podsFolder: string, podUid: string): Promise<void> => {
  const folder = join(podsFolder, podUid);
  for (const point of await mountsBelow(folder)) await unmount(point);
  await rm(folder, { recursive: true, force: true });
};

/** The bind mounts for a container's `volumeMounts`. @throws VolumeError when a mount names an unknown volume */
export const volumeMounts = (podsFolder: string, pod: Pod, container: Container): ContainerMount[] =>
  (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, subPath }) => {
    const volume = pod.spec.volumes?.find((candidate) => candidate.name === name);
    if (!volume) throw new VolumeError(`volume mount "${name}" names no volume of the pod`);
    const source = join(volumePath(podsFolder, pod, volume), subPath ?? '');
    return { source, target: mountPath, readOnly: readOnly === true || isFileVolume(volume) };
  });

/**
 * Writes the files into a new folder, then points the `..data` link at it: a reader never sees half an update. The
 * original kubelet's atomic writer has the same layout. Does nothing when the content is the same.
 */
const publish = async (folder: string, files: readonly VolumeFile[]): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const current = await readlink(join(folder, '..data')).catch(() => undefined);
  if (current !== undefined && (await hasContent(join(folder, current), files))) return;
  const fresh = `..${new Date().toISOString().replace(/[-:TZ.]/g, '_')}${Math.random().toString(36).slice(2, 8)}`;
  await mkdir(join(folder, fresh));
  for (const { path, content, mode } of files) {
    const target = join(folder, fresh, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await chmod(target, mode);
  }
  await symlink(fresh, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  await linkEntries(folder, files);
  if (current !== undefined) await rm(join(folder, current), { recursive: true, force: true });
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

const prepareEmptyDir = async (path: string, emptyDir: Volume['emptyDir']): Promise<void> => {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
  if (emptyDir?.medium === 'Memory' && !(await mountsBelow(path)).includes(path)) await mountTmpfs(path);
};

/** @throws VolumeError when the path is not of the wanted type */
const prepareHostPath = async ({ path, type = '' }: NonNullable<Volume['hostPath']>): Promise<void> => {
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') await writeFile(path, '', { flag: 'a' });
  const found = await stat(path).catch(() => undefined);
  if (type === '' || type.endsWith('OrCreate')) return;
  if (!found) throw new VolumeError(`hostPath type check failed: ${path} does not exist`);
  if (type === 'Directory' && !found.isDirectory())
    throw new VolumeError(`hostPath type check failed: ${path} is not a directory`);
  if (type === 'File' && !found.isFile()) throw new VolumeError(`hostPath type check failed: ${path} is not a file`);
};
