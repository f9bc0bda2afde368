// A container's environment: image, service links, envFrom, env, with $(VAR) references filled in. Pure.
import type { ConfigMap, Container, Pod, Secret, Service } from '../../../api/core.ts';

/** The pod can't be started as written; shown as the container's waiting reason. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}

/** Where values come from. */
export interface Sources {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

export interface EnvContext {
  readonly pod: Pod;
  readonly podIp: string;
  readonly hostIp: string;
  readonly sources: Sources;
  readonly services: readonly Service[];
}

/**
 * @returns name → value, in the kubelet's order of precedence: services, envFrom, env
 * @throws ContainerConfigError when a required ConfigMap, Secret or key is missing
 */
export const containerEnv = (container: Container, context: EnvContext): Map<string, string> => {
  const env = new Map<string, string>();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) addAll(env, prefix, configMapData(context.sources, configMapRef));
    if (secretRef) addAll(env, prefix, secretData(context.sources, secretRef));
  }
  const services = serviceEnv(context);
  for (const entry of container.env ?? []) {
    const value = entryValue(entry, context, (name) => env.get(name) ?? services.get(name));
    if (value !== undefined) env.set(entry.name, value);
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value);
  return env;
};

/** `$(NAME)` becomes the variable's value, `$$` a dollar sign; an unknown name stays as written (kubernetes expansion syntax). */
export const expand = (text: string, lookup: (name: string) => string | undefined): string =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (whole, first: string, name: string | undefined) =>
    first === '$' ? '$' : (lookup(name ?? '') ?? whole),
  );

/** Names of the ConfigMaps and Secrets that a pod refers to, in environment and volumes. */
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

/** One source of a projected volume, as far as the kubelet fills it. */
export interface ProjectedSource {
  readonly configMap?: { name: string; optional?: boolean; items?: { key: string; path: string }[] };
  readonly secret?: { name: string; optional?: boolean; items?: { key: string; path: string }[] };
  readonly downwardAPI?: { items?: { path: string; fieldRef?: { fieldPath: string } }[] };
  readonly serviceAccountToken?: { path: string };
}

export const projectedSources = (projected: Record<string, unknown> | undefined): readonly ProjectedSource[] =>
  Array.isArray(projected?.sources) ? (projected.sources as ProjectedSource[]) : [];

/** A pod's own field, as the downward API names it; undefined when there is no such field. */
export const podField = (fieldPath: string, { pod, podIp, hostIp }: Omit<EnvContext, 'sources' | 'services'>) => {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace ?? 'default',
    'metadata.uid': pod.metadata.uid ?? '',
    'metadata.labels': formatMap(pod.metadata.labels),
    'metadata.annotations': formatMap(pod.metadata.annotations),
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': podIp,
    'status.podIPs': podIp,
    'status.hostIP': hostIp,
    'status.hostIPs': hostIp,
  };
  return fields[fieldPath];
};

const formatMap = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

const entryValue = (
  { name, value, valueFrom }: NonNullable<Container['env']>[number],
  context: EnvContext,
  lookup: (name: string) => string | undefined,
): string | undefined => {
  if (!valueFrom) return expand(value ?? '', lookup);
  if (valueFrom.fieldRef) {
    const { fieldPath } = valueFrom.fieldRef;
    const field = podField(fieldPath, context);
    if (field === undefined) throw new ContainerConfigError(`env ${name}: unsupported fieldPath "${fieldPath}"`);
    return field;
  }
  if (valueFrom.configMapKeyRef) {
    const { name: map, key, optional } = valueFrom.configMapKeyRef;
    return keyIn(
      configMapData(context.sources, { name: map, ...flag(optional) }),
      key,
      optional,
      `ConfigMap`,
      map,
      context,
    );
  }
  if (valueFrom.secretKeyRef) {
    const { name: secret, key, optional } = valueFrom.secretKeyRef;
    return keyIn(
      secretData(context.sources, { name: secret, ...flag(optional) }),
      key,
      optional,
      `Secret`,
      secret,
      context,
    );
  }
  return resourceField(valueFrom.resourceFieldRef, context);
};

const flag = (optional: boolean | undefined) => (optional === undefined ? {} : { optional });

const keyIn = (
  data: Record<string, string>,
  key: string,
  optional: boolean | undefined,
  kind: string,
  name: string,
  { pod }: EnvContext,
): string | undefined => {
  const value = data[key];
  if (value === undefined && !optional) {
    throw new ContainerConfigError(
      `couldn't find key ${key} in ${kind} ${pod.metadata.namespace ?? 'default'}/${name}`,
    );
  }
  return value;
};

/** Requests and limits as the downward API gives them: whole units, limits default to zero. */
const resourceField = (reference: Record<string, unknown> | undefined, { pod }: EnvContext): string => {
  const container = pod.spec.containers.find(({ name }) => name === reference?.containerName) ?? pod.spec.containers[0];
  const [group, resource] = String(reference?.resource ?? '').split('.');
  const quantity = container?.resources?.[group as 'requests' | 'limits']?.[resource ?? ''];
  return quantity ?? '0';
};

const configMapData = (sources: Sources, { name, optional }: { name: string; optional?: boolean }) => {
  const map = sources.configMap(name);
  if (!map && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
  return map?.data ?? {};
};

const secretData = (sources: Sources, { name, optional }: { name: string; optional?: boolean }) => {
  const secret = sources.secret(name);
  if (!secret && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
  const entries = Object.entries(secret?.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
};

const addAll = (env: Map<string, string>, prefix: string, data: Record<string, string>): void => {
  for (const [key, value] of Object.entries(data))
    if (/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(prefix + key)) env.set(prefix + key, value);
};

/** The variables that Docker links once set, for each service of the pod's namespace, and the API server's for all. */
const serviceEnv = ({ pod, services }: EnvContext): Map<string, string> => {
  const env = new Map<string, string>();
  const namespace = pod.metadata.namespace ?? 'default';
  for (const service of services) {
    const { name, namespace: home = 'default' } = service.metadata;
    const isApi = home === 'default' && name === 'kubernetes';
    if (isApi || (home === namespace && pod.spec.enableServiceLinks !== false)) addService(env, service);
  }
  return env;
};

const addService = (env: Map<string, string>, { metadata, spec }: Service): void => {
  const { clusterIP: ip = '', ports = [] } = spec;
  const [first] = ports;
  if (ip === '' || ip === 'None' || !first) return;
  const upper = (text: string): string => text.toUpperCase().replaceAll('-', '_');
  const name = upper(metadata.name);
  env.set(`${name}_SERVICE_HOST`, ip);
  env.set(`${name}_SERVICE_PORT`, String(first.port));
  for (const port of ports) if (port.name) env.set(`${name}_SERVICE_PORT_${upper(port.name)}`, String(port.port));
  ports.forEach(({ port, protocol = 'TCP' }, index) => {
    const url = `${protocol.toLowerCase()}://${ip}:${port}`;
    const prefix = `${name}_PORT_${port}_${protocol}`;
    if (index === 0) env.set(`${name}_PORT`, url);
    env.set(prefix, url);
    env.set(`${prefix}_PROTO`, protocol.toLowerCase());
    env.set(`${prefix}_PORT`, String(port));
    env.set(`${prefix}_ADDR`, ip);
  });
};
