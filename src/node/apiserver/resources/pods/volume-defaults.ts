// Defaults of volumes, and of references to fields of the pod.
import type { DownwardApiFile, Volume } from '../../../../api/core-pods.ts';

const fileMode = 0o644;
const tokenSeconds = 3600;

interface ProjectedSource {
  readonly serviceAccountToken?: { expirationSeconds?: number };
  readonly downwardAPI?: { readonly items?: readonly DownwardApiFile[] };
}

export const setVolumeDefaults = (volume: Volume): void => {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume.emptyDir = {};
  const { secret, configMap, downwardAPI, hostPath } = volume;
  const projected = volume.projected as { sources?: readonly ProjectedSource[]; defaultMode?: number } | undefined;
  for (const files of [secret, configMap, downwardAPI, projected]) if (files) files.defaultMode ??= fileMode;
  for (const file of downwardAPI?.items ?? []) setFieldRefDefaults(file);
  for (const source of projected?.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= tokenSeconds;
    for (const file of source.downwardAPI?.items ?? []) setFieldRefDefaults(file);
  }
  if (hostPath) hostPath.type ??= '';
};

export const setFieldRefDefaults = ({
  fieldRef,
  resourceFieldRef,
}: Pick<DownwardApiFile, 'fieldRef' | 'resourceFieldRef'>): void => {
  if (fieldRef) fieldRef.apiVersion ||= 'v1';
  // 0 stands for the unit of the resource.
  if (resourceFieldRef) resourceFieldRef.divisor ||= '0';
};
