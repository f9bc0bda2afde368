// A pod's volumes on the node's disk: what each holds (pure), and writing it so that readers see all of it or none.
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, KeyToPath, Pod, Volume } from '../../../api/core.ts';
import { messageOf } from '../../../kit/error.ts';
import { mountsBelow, mountTmpfs, unmount } from '../../sys/mount.ts';
import type { ContainerMount } from '../runtime/runtime.ts';
import { type ProjectedSource, podField, projectedSources, type Sources } from './env.ts';

/** A volume can't be set up (yet): the pod waits and the kubelet tries again. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface VolumeFile {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

export interface VolumeContext {
  readonly pod: Pod;
  readonly hostIp: string;
  readonly sources: Sources;
}

/** Where a pod's volume lies, laid out as by the original kubelet. */
export const volumePath = (podsFolder: string, pod: Pod, volume: Volume): string => {
  if (volume.hostPath) return volume.hostPath.path;
  const kind = volume.configMap ? 'configmap' : volume.secret ? 'secret' : volume.projected ? 'projected' : 'empty-dir';
  return join(podsFolder, pod.metadata.uid ?? '', 'volumes', `kubernetes.io~${kind}`, volume.name);
};

/** Makes all volumes of the pod, or brings the files in them up to date. @throws VolumeError */
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

/** Unmounts and removes all that a pod left on the node's disk. */
export const removeVolumes = async (podsFolder: string, podUid: string): Promise<void> => {
  const folder = join(podsFolder, podUid);
  for (const point of await mountsBelow(folder)) await unmount(point);
  await rm(folder, { recursive: true, force: true });
};

/** The binds that put a container's volumes, or parts of them, in place. @throws VolumeError for an unknown volume */
export const volumeMounts = (podsFolder: string, pod: Pod, container: Container): ContainerMount[] =>
  (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, subPath }) => {
    const volume = pod.spec.volumes?.find((candidate) => candidate.name === name);
    if (!volume) throw new VolumeError(`volume mount "${name}" names no volume of the pod`);
    const source = join(volumePath(podsFolder, pod, volume), subPath ?? '');
    return { source, target: mountPath, readOnly: readOnly === true || isFileVolume(volume) };
  });

const isFileVolume = ({ configMap, secret, projected }: Volume): boolean =>
  configMap !== undefined || secret !== undefined || projected !== undefined;

/** The files of a configMap, secret or projected volume. @throws VolumeError when what they come from is missing */
export const volumeFiles = (volume: Volume, context: VolumeContext): VolumeFile[] => {
  if (volume.configMap) {
    const { name, optional, items, defaultMode } = volume.configMap;
    return pick(configMapContent(context, name, optional), items, defaultMode, `configmap "${name}"`, optional);
  }
  if (volume.secret) {
    const { secretName, optional, items, defaultMode } = volume.secret;
    return pick(secretContent(context, secretName, optional), items, defaultMode, `secret "${secretName}"`, optional);
  }
  const mode = typeof volume.projected?.defaultMode === 'number' ? volume.projected.defaultMode : undefined;
  return projectedSources(volume.projected).flatMap((source) => projectedFiles(source, mode, context));
};

const projectedFiles = (source: ProjectedSource, mode: number | undefined, context: VolumeContext): VolumeFile[] => {
  if (source.configMap) {
    const { name, optional, items } = source.configMap;
    return pick(configMapContent(context, name, optional), items, mode, `configmap "${name}"`, optional);
  }
  if (source.secret) {
    const { name, optional, items } = source.secret;
    return pick(secretContent(context, name, optional), items, mode, `secret "${name}"`, optional);
  }
  return (source.downwardAPI?.items ?? []).map(({ path, fieldRef }) => {
    const podIp = context.pod.status?.podIP ?? '';
    const text = podField(fieldRef?.fieldPath ?? '', { pod: context.pod, podIp, hostIp: context.hostIp }) ?? '';
    return { path, content: Buffer.from(text), mode: mode ?? 0o644 };
  });
};

const configMapContent = ({ sources }: VolumeContext, name: string, optional?: boolean): Map<string, Buffer> => {
  const map = sources.configMap(name);
  if (!map && !optional) throw new VolumeError(`configmap "${name}" not found`);
  const text = Object.entries(map?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);
  const binary = Object.entries(map?.binaryData ?? {}).map(([key, value]) => [key, decode(value)] as const);
  return new Map([...text, ...binary]);
};

const secretContent = ({ sources }: VolumeContext, name: string, optional?: boolean): Map<string, Buffer> => {
  const secret = sources.secret(name);
  if (!secret && !optional) throw new VolumeError(`secret "${name}" not found`);
  return new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)]));
};

const decode = (base64: string): Buffer => Buffer.from(base64, 'base64');

const pick = (
  content: Map<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  defaultMode: number | undefined,
  owner: string,
  optional: boolean | undefined,
): VolumeFile[] => {
  const mode = defaultMode ?? 0o644;
  if (!items) return [...content].map(([path, value]) => ({ path, content: value, mode }));
  return items.flatMap((item) => {
    const value = content.get(item.key);
    if (value) return [{ path: item.path, content: value, mode: item.mode ?? mode }];
    if (optional) return [];
    throw new VolumeError(`${owner} references non-existent config key: ${item.key}`);
  });
};

/**
 * Writes the files into a fresh folder and swings the `..data` link over, as the original's atomic writer does, so that
 * a reader never sees half an update. Does nothing when the content is the same.
 */
export const publish = async (folder: string, files: readonly VolumeFile[]): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const current = await readlink(join(folder, '..data')).catch(() => undefined);
  if (current !== undefined && (await holds(join(folder, current), files))) return;
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

const linkEntries = async (folder: string, files: readonly VolumeFile[]): Promise<void> => {
  const wanted = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  const present = new Set((await readdir(folder)).filter((name) => !name.startsWith('..')));
  for (const name of wanted) if (!present.has(name)) await symlink(join('..data', name), join(folder, name));
  for (const name of present) if (!wanted.has(name)) await rm(join(folder, name), { force: true });
};

const holds = async (folder: string, files: readonly VolumeFile[]): Promise<boolean> => {
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
