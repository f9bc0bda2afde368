// Computes the files of a configMap, secret or projected volume. Pure; volumes.ts writes them to the node's disk.
import type { KeyToPath, Pod, Volume } from '../../../api/core.ts';
import { podField } from './downward-api.ts';
import { type ProjectedSource, projectedSources, type Sources } from './sources.ts';
import { VolumeError } from './volume-error.ts';

export interface VolumeFile {
  /** Relative to the volume's folder. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

export interface VolumeContext {
  readonly pod: Pod;
  readonly hostIp: string;
  readonly sources: Sources;
}

export const isFileVolume = ({ configMap, secret, projected }: Volume): boolean =>
  configMap !== undefined || secret !== undefined || projected !== undefined;

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
  const mode = typeof volume.projected?.defaultMode === 'number' ? volume.projected.defaultMode : undefined;
  return projectedSources(volume.projected).flatMap((source) => projectedFiles(source, mode, context));
};

const projectedFiles = (source: ProjectedSource, mode: number | undefined, context: VolumeContext): VolumeFile[] => {
  if (source.configMap) return configMapFiles(source.configMap, mode, context);
  if (source.secret) return secretFiles(source.secret, mode, context);
  if (source.serviceAccountToken) {
    const { path } = source.serviceAccountToken;
    const content = Buffer.from(context.sources.token(source.serviceAccountToken));
    return [{ path, content, mode: mode ?? 0o644 }];
  }
  return (source.downwardAPI?.items ?? []).map(({ path, fieldRef }) => {
    const podIp = context.pod.status?.podIP ?? '';
    const text = podField(fieldRef?.fieldPath ?? '', { pod: context.pod, podIp, hostIp: context.hostIp }) ?? '';
    return { path, content: Buffer.from(text), mode: mode ?? 0o644 };
  });
};

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
