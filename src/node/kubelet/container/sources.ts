// The ConfigMaps and Secrets from which a pod takes environment variables and files. Pure; source-cache.ts loads them.
import type { ConfigMap, Secret } from '../../../api/core.ts';
import type { DownwardApiFile, Pod } from '../../../api/core-pods.ts';
import { allContainers } from '../../../api/pods.ts';

/** The token of a pod's service account that a projected volume asks for. */
export interface TokenSource {
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly path: string;
}

/** The objects of the pod's namespace, by name; undefined if the object does not exist. */
export interface Sources {
  /** @throws Error with the reason why the API server gave no token */
  token(source: TokenSource): string;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

/** The part of a projected volume's source that the kubelet supports. */
export interface ProjectedSource {
  readonly configMap?: { name: string; optional?: boolean; items?: { key: string; path: string }[] };
  readonly secret?: { name: string; optional?: boolean; items?: { key: string; path: string }[] };
  readonly serviceAccountToken?: TokenSource;
  readonly downwardAPI?: { items?: DownwardApiFile[] };
}

export const projectedSources = (projected: Record<string, unknown> | undefined): readonly ProjectedSource[] =>
  Array.isArray(projected?.sources) ? (projected.sources as ProjectedSource[]) : [];

export const tokenSourcesOf = ({ spec }: Pod): TokenSource[] =>
  (spec.volumes ?? []).flatMap(({ projected }) =>
    projectedSources(projected).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []),
  );

/** @returns the names of all ConfigMaps and Secrets in the pod's environment and volumes */
export const referencesOf = ({ spec }: Pod): { configMaps: Set<string>; secrets: Set<string> } => {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const container of allContainers(spec)) {
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
