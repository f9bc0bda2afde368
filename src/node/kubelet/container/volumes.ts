// A pod's volumes on the node's disk, and the mounts that put them into containers.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, Volume } from '../../../api/core-pods.ts';
import { wholeUnits } from '../../../api/quantity.ts';
import { messageOf } from '../../../kit/error.ts';
import { mountsBelow, mountTmpfs, unmount } from '../../sys/mount.ts';
import type { ContainerMount } from '../runtime/runtime.ts';
import { publish } from './atomic-writer.ts';
import { ContainerConfigError } from './config-error.ts';
import { prepareHostPath } from './host-path.ts';
import { giveToGroup } from './ownership.ts';
import { resolveSubPath } from './sub-path.ts';
import { VolumeError } from './volume-error.ts';
import { isFileVolume, type VolumeContext, volumeFiles } from './volume-files.ts';

const folderNames = {
  configMap: 'configmap',
  secret: 'secret',
  downwardAPI: 'downward-api',
  projected: 'projected',
} as const;

/** @returns the volume's folder. The layout below `podsFolder` is the original kubelet's. */
export const volumePath = (podsFolder: string, pod: Pod, volume: Volume): string => {
  if (volume.hostPath) return volume.hostPath.path;
  const kinds = Object.keys(folderNames) as (keyof typeof folderNames)[];
  const kind = kinds.find((name) => volume[name] !== undefined);
  const folder = `kubernetes.io~${kind ? folderNames[kind] : 'empty-dir'}`;
  return join(podsFolder, pod.metadata.uid ?? '', 'volumes', folder, volume.name);
};

/**
 * Makes all volumes of the pod, or updates the files in them. A volume that fails does not keep the others from it.
 * @throws VolumeError of the first volume that failed
 */
export const syncVolumes = async (
  podsFolder: string,
  context: VolumeContext,
  mountMemory: MountMemory = mountMemoryOnce,
): Promise<void> => {
  const { metadata, spec } = context.pod;
  for (const { name, persistentVolumeClaim } of spec.volumes ?? []) {
    if (!persistentVolumeClaim) continue;
    const claim = persistentVolumeClaim.claimName;
    throw new VolumeError(
      `Unable to attach or mount volumes: unmounted volumes=[${name}], unattached volumes=[], ` +
        `failed to process volumes=[${name}]: error processing PVC ${metadata.namespace ?? 'default'}/${claim}: ` +
        `failed to fetch PVC from API server: persistentvolumeclaims "${claim}" not found`,
    );
  }
  let failure: VolumeError | undefined;
  for (const volume of spec.volumes ?? []) {
    try {
      await syncVolume(volumePath(podsFolder, context.pod, volume), volume, context, mountMemory);
    } catch (cause) {
      const what = `MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(cause)}`;
      failure ??= new VolumeError(what, { cause });
    }
  }
  if (failure) throw failure;
};

/** Makes the folder a file system in memory of at most this size, unless it is one. */
export type MountMemory = (folder: string, sizeBytes: number) => Promise<void>;

const mountMemoryOnce: MountMemory = async (folder, sizeBytes) => {
  if (!(await mountsBelow(folder)).includes(folder)) await mountTmpfs(folder, sizeBytes);
};

const syncVolume = async (
  path: string,
  volume: Volume,
  context: VolumeContext,
  mountMemory: MountMemory,
): Promise<void> => {
  const group = context.pod.spec.securityContext?.fsGroup;
  if (volume.hostPath) return prepareHostPath(volume.hostPath);
  if (isFileVolume(volume)) {
    const files = volumeFiles(volume, context);
    await mkdir(path, { recursive: true });
    // Tokens and secrets never lie on the disk. The data of a ConfigMap does, as with Kubernetes.
    if (!volume.configMap) await mountMemory(path, wholeUnits(context.allocatable.memory));
    return publish(path, files, group);
  }
  const others = Object.keys(volume).filter((key) => key !== 'name' && key !== 'emptyDir');
  if (others.length > 0) throw new VolumeError(`no volume plugin matched: labs has no volumes of the type ${others}`);
  await prepareEmptyDir(path, volume.emptyDir ?? {}, context, mountMemory);
};

/** Unmounts and removes all files of the pod on the node's disk. */
export const removeVolumes = async (podsFolder: string, podUid: string): Promise<void> => {
  const folder = join(podsFolder, podUid);
  for (const point of await mountsBelow(folder)) await unmount(point);
  await rm(folder, { recursive: true, force: true });
};

/**
 * The bind mounts for a container's `volumeMounts`.
 * @param expand replaces the variables of a `subPathExpr`
 * @throws ContainerConfigError
 */
export const volumeMounts = (
  podsFolder: string,
  pod: Pod,
  container: Container,
  expand: (text: string) => string,
): Promise<ContainerMount[]> =>
  Promise.all(
    (container.volumeMounts ?? []).map(async (mount) => {
      const { name, mountPath: target, readOnly = false, recursiveReadOnly, mountPropagation } = mount;
      const volume = pod.spec.volumes?.find((candidate) => candidate.name === name);
      if (!volume) throw new ContainerConfigError(`volume mount "${name}" names no volume of the pod`);
      const folder = volumePath(podsFolder, pod, volume);
      const subPath = mount.subPathExpr ? expand(mount.subPathExpr) : mount.subPath;
      const source = subPath
        ? await resolveSubPath({ folder, subPath, volume: name, container: container.name })
        : folder;
      return {
        source,
        target,
        readOnly: readOnly || isFileVolume(volume),
        ...(recursiveReadOnly && recursiveReadOnly !== 'Disabled' ? { recursiveReadOnly: true } : {}),
        ...(mountPropagation && mountPropagation !== 'None' ? { propagation: mountPropagation } : {}),
      };
    }),
  );

type EmptyDir = NonNullable<Volume['emptyDir']>;

const prepareEmptyDir = async (
  path: string,
  emptyDir: EmptyDir,
  { pod, allocatable }: VolumeContext,
  mountMemory: MountMemory,
): Promise<void> => {
  const { medium = '' } = emptyDir;
  if (medium.startsWith('HugePages')) throw new VolumeError(`nodes have no huge pages for the medium "${medium}"`);
  if (medium !== '' && medium !== 'Memory') throw new VolumeError(`unknown storage medium "${medium}"`);
  const isNew = (await mkdir(path, { recursive: true })) !== undefined;
  if (medium === 'Memory') await mountMemory(path, memorySize(pod, emptyDir, wholeUnits(allocatable.memory)));
  else if (!isNew) return;
  await chmod(path, 0o777);
  const group = pod.spec.securityContext?.fsGroup;
  if (group !== undefined) await giveToGroup(path, group, 0o660);
};

/** The smallest of the volume's limit, the sum of the containers' memory limits, and the node's memory. */
const memorySize = ({ spec }: Pod, { sizeLimit }: EmptyDir, nodeBytes: number): number => {
  const limits = spec.containers.map(({ resources }) => wholeUnits(resources?.limits?.memory));
  const sum = limits.every((limit) => limit > 0) ? limits.reduce((a, b) => a + b, 0) : 0;
  return Math.min(...[nodeBytes, sum, wholeUnits(sizeLimit)].filter((size) => size > 0));
};
