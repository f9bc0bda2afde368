// Computes the files of a configMap, secret, downwardAPI or projected volume. Pure; atomic-writer.ts writes them to
// the node's disk.
import type { DownwardApiFile, KeyToPath, Pod, Volume } from '../../../api/core-pods.ts';
import { allContainers } from '../../../api/pods.ts';
import { type Allocatable, podField, resourceField } from './downward-api.ts';
import { type ProjectedSource, projectedSources, type Sources, type TokenSource } from './sources.ts';
import { VolumeError } from './volume-error.ts';

export interface VolumeFile {
  /** Relative to the volume's folder. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
  /** Default: root. */
  readonly uid?: number;
}

export interface VolumeContext {
  readonly pod: Pod;
  readonly sources: Sources;
  readonly allocatable: Allocatable;
}

export const isFileVolume = ({ configMap, secret, downwardAPI, projected }: Volume): boolean =>
  [configMap, secret, downwardAPI, projected].some((source) => source !== undefined);

/** @throws VolumeError when a required ConfigMap, Secret or key is missing */
export const volumeFiles = (volume: Volume, context: VolumeContext): VolumeFile[] => {
  if (volume.configMap) {
    const { defaultMode, ...source } = volume.configMap;
    return configMapFiles(source, defaultMode, context);
  }
  if (volume.secret) {
    const { secretName: name, defaultMode, ...source } = volume.secret;
    return secretFiles({ ...source, name }, defaultMode, context);
  }
  if (volume.downwardAPI) return downwardFiles(volume.downwardAPI.items, volume.downwardAPI.defaultMode, context);
  const mode = typeof volume.projected?.defaultMode === 'number' ? volume.projected.defaultMode : undefined;
  return projectedSources(volume.projected).flatMap((source) => projectedFiles(source, mode, context));
};

const projectedFiles = (source: ProjectedSource, mode: number | undefined, context: VolumeContext): VolumeFile[] => {
  if (source.configMap) return configMapFiles(source.configMap, mode, context);
  if (source.secret) return secretFiles(source.secret, mode, context);
  if (source.serviceAccountToken) return [tokenFile(source.serviceAccountToken, mode, context)];
  return downwardFiles(source.downwardAPI?.items, mode, context);
};

/** Only the pod's user may read the token, if the pod says which user or group its volumes are for. */
const tokenFile = (source: TokenSource, mode: number | undefined, { pod, sources }: VolumeContext): VolumeFile => {
  const uid = onlyUser(pod);
  const isPrivate = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  return {
    path: source.path,
    content: Buffer.from(sources.token(source)),
    mode: isPrivate ? 0o600 : (mode ?? 0o644),
    ...(uid === undefined ? {} : { uid }),
  };
};

/** @returns the user that all containers of the pod name; undefined when they name none, or different users */
const onlyUser = ({ spec }: Pod): number | undefined => {
  const users = allContainers(spec).map((one) => one.securityContext?.runAsUser ?? spec.securityContext?.runAsUser);
  return new Set(users).size === 1 ? users[0] : undefined;
};

const downwardFiles = (
  items: readonly DownwardApiFile[] = [],
  defaultMode: number | undefined,
  context: VolumeContext,
): VolumeFile[] =>
  items.map((item) => ({
    path: item.path,
    content: Buffer.from(downwardValue(item, context)),
    mode: item.mode ?? defaultMode ?? 0o644,
  }));

/** Files have the fields of the pod's metadata only, as with Kubernetes. The API server refuses others. */
const downwardValue = ({ fieldRef, resourceFieldRef }: DownwardApiFile, { pod, allocatable }: VolumeContext): string =>
  resourceFieldRef
    ? resourceField(resourceFieldRef, pod, allocatable)
    : (podField(fieldRef?.fieldPath ?? '', { pod, podIp: '', hostIp: '' }) ?? '');

interface KeySource {
  readonly name: string;
  readonly optional?: boolean;
  readonly items?: readonly KeyToPath[];
}

const configMapFiles = (source: KeySource, mode: number | undefined, { sources }: VolumeContext): VolumeFile[] => {
  const map = sources.configMap(source.name);
  if (!map && !source.optional) throw new VolumeError(`configmap "${source.name}" not found`);
  const text = Object.entries(map?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);
  const binary = Object.entries(map?.binaryData ?? {}).map(([key, value]) => [key, decode(value)] as const);
  return selectKeys(new Map([...text, ...binary]), source, mode, `configmap "${source.name}"`);
};

const secretFiles = (source: KeySource, mode: number | undefined, { sources }: VolumeContext): VolumeFile[] => {
  const secret = sources.secret(source.name);
  if (!secret && !source.optional) throw new VolumeError(`secret "${source.name}" not found`);
  const content = new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)]));
  return selectKeys(content, source, mode, `secret "${source.name}"`);
};

const decode = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** Makes a file of each key, with the key as its name. If the volume lists `items`, makes only these files. */
const selectKeys = (
  content: ReadonlyMap<string, Buffer>,
  { items, optional }: KeySource,
  defaultMode: number | undefined,
  owner: string,
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
