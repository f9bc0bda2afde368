// The ConfigMaps and Secrets from which a pod takes environment variables and files. Pure; source-cache.ts loads them.
import type { ConfigMap, Pod, Secret } from '../../../api/core.ts';

/** The objects of the pod's namespace, by name; undefined if the object does not exist. */
export interface Sources {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

/** The part of a projected volume's source that the kubelet supports. */
export interface ProjectedSource {
  readonly configMap?: { name: string; optional?: boolean; items?: { key: string; path: string }[] };
  readonly secret?: { name: string; optional?: boolean; items?: { key: string; path: string }[] };
  readonly downwardAPI?: { items?: { path: string; fieldRef?: { fieldPath: string } }[] };
}

export const projectedSources = (projected: Record<string, unknown> | undefined): readonly ProjectedSource[] =>
  Array.isArray(projected?.sources) ? (projected.sources as ProjectedSource[]) : [];

/** @returns the names of all ConfigMaps and Secrets in the pod's environment and volumes */
export const referencesOf = ({ spec }: Pod): { configMaps: Set<string>; secrets: Set<string> } => {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef) configMaps.add(configMapRef.name);
      if (secretRef) secrets.add(secretRef.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef) configMaps.add(valueFrom.configMapKeyRef.name);
      if (valueFrom?.secretKeyRef) secrets.add(valueFrom.secretKeyRef.name);
    }
  }
  for (const { configMap, secret, projected } of spec.volumes ?? []) {
    if (configMap) configMaps.add(configMap.name);
    if (secret) secrets.add(secret.secretName);
    for (const source of projectedSources(projected)) {
      if (source.configMap) configMaps.add(source.configMap.name);
      if (source.secret) secrets.add(source.secret.name);
    }
  }
  return { configMaps, secrets };
};
