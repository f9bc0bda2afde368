// Computes a container's environment from its pod: service links, envFrom and env, with $(VAR) references replaced.
// spec.ts adds the image's variables. Pure.
import type { Service } from '../../../api/core.ts';
import type { Container, Pod } from '../../../api/core-pods.ts';
import { messageOf } from '../../../kit/error.ts';
import { ContainerConfigError } from './config-error.ts';
import { type Allocatable, type PodAddresses, podField, resourceField } from './downward-api.ts';
import { serviceEnv } from './service-links.ts';
import type { Sources } from './sources.ts';

export interface EnvContext extends PodAddresses {
  readonly allocatable: Allocatable;
  readonly sources: Sources;
  readonly services: readonly Service[];
}

/**
 * @returns name → value. `env` wins over `envFrom`, and `envFrom` over service links, as in the original kubelet
 * @throws ContainerConfigError when a required ConfigMap, Secret or key is missing
 */
export const containerEnv = (container: Container, context: EnvContext): Map<string, string> => {
  const env = new Map<string, string>();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) addAll(env, prefix, configMapData(context.sources, configMapRef));
    if (secretRef) addAll(env, prefix, secretData(context.sources, secretRef));
  }
  const services = serviceEnv(context.pod, context.services);
  for (const entry of container.env ?? []) {
    const value = entryValue(entry, { ...context, container }, (name) => env.get(name) ?? services.get(name));
    if (value !== undefined) env.set(entry.name, value);
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value);
  return env;
};

/** Replaces `$(NAME)` by the variable's value and `$$` by a dollar sign. An unknown name stays as written. */
export const expand = (text: string, lookup: (name: string) => string | undefined): string =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (whole, first: string, name: string | undefined) =>
    first === '$' ? '$' : (lookup(name ?? '') ?? whole),
  );

/** Like `expand`, for paths of mounts. @throws ContainerConfigError when a variable has no value */
export const expandAll = (text: string, env: ReadonlyMap<string, string>): string =>
  expand(text, (name) => {
    const value = env.get(name);
    if (value === undefined) throw new ContainerConfigError(`missing value for "${name}"`);
    return value;
  });

/** Leaves out keys that cannot be the name of a variable: since v1.32, all printable ASCII characters but `=` can. */
const addAll = (env: Map<string, string>, prefix: string, data: Record<string, string>): void => {
  for (const [key, value] of Object.entries(data)) if (/^[ -<>-~]+$/.test(prefix + key)) env.set(prefix + key, value);
};

/** @returns undefined when the value is optional and missing */
const entryValue = (
  { name, value, valueFrom }: NonNullable<Container['env']>[number],
  context: EnvContext & { readonly container: Container },
  lookup: (name: string) => string | undefined,
): string | undefined => {
  if (!valueFrom) return expand(value ?? '', lookup);
  const { fieldRef, configMapKeyRef, secretKeyRef, resourceFieldRef } = valueFrom;
  if (fieldRef) {
    const field = podField(fieldRef.fieldPath, context);
    if (field !== undefined) return field;
    throw new ContainerConfigError(`env ${name}: unsupported fieldPath "${fieldRef.fieldPath}"`);
  }
  if (configMapKeyRef) {
    return valueAt(configMapData(context.sources, configMapKeyRef), configMapKeyRef, 'ConfigMap', context.pod);
  }
  if (secretKeyRef) {
    return valueAt(secretData(context.sources, secretKeyRef), secretKeyRef, 'Secret', context.pod);
  }
  if (!resourceFieldRef) return '';
  try {
    return resourceField(resourceFieldRef, context.pod, context.allocatable, context.container);
  } catch (cause) {
    throw new ContainerConfigError(messageOf(cause), { cause });
  }
};

interface Reference {
  readonly name: string;
  readonly optional?: boolean;
}

const valueAt = (
  data: Record<string, string>,
  { name, key, optional }: Reference & { readonly key: string },
  kind: string,
  { metadata }: Pod,
): string | undefined => {
  const value = data[key];
  if (value !== undefined || optional) return value;
  throw new ContainerConfigError(`couldn't find key ${key} in ${kind} ${metadata.namespace ?? 'default'}/${name}`);
};

const configMapData = (sources: Sources, { name, optional }: Reference): Record<string, string> => {
  const map = sources.configMap(name);
  if (!map && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
  return map?.data ?? {};
};

const secretData = (sources: Sources, { name, optional }: Reference): Record<string, string> => {
  const secret = sources.secret(name);
  if (!secret && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
  const entries = Object.entries(secret?.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
};
