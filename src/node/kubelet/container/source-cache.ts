// Loads the ConfigMaps and Secrets that this node's pods refer to. The first pod that needs a ConfigMap (or Secret)
// starts the watch for them, so a node without such pods keeps no watch open.
import type { ConfigMap, Secret } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { configMaps, type Resource, secrets } from '../../../api/resources.ts';
import type { Logger } from '../../../kit/logger.ts';
import { isNotFound } from '../../client/error.ts';
import { createInformer } from '../../client/informer.ts';
import type { Client, Informer } from '../../client/types.ts';
import { referencesOf, type Sources } from './sources.ts';
import { createTokenCache } from './tokens.ts';

export interface SourceCache {
  /** Loads the objects that the pod refers to. */
  load(pod: Pod): Promise<Sources>;
  /** The listener gets the namespace of each watched ConfigMap or Secret that changes. */
  onChange(listener: (namespace: string) => void): void;
}

export const createSourceCache = (client: Client, logger: Logger, signal: AbortSignal): SourceCache => {
  const listeners: ((namespace: string) => void)[] = [];
  const createLoader = <T extends KubeObject>(resource: Resource<T>) => {
    let informer: Informer<T> | undefined;
    const start = (): Informer<T> => {
      const started = createInformer(client, resource, { logger, signal });
      started.onChange((before, after) => {
        const namespace = (after ?? before)?.metadata.namespace ?? 'default';
        for (const listener of listeners) listener(namespace);
      });
      return started;
    };
    return async (namespace: string, names: ReadonlySet<string>): Promise<Map<string, T>> => {
      const found = new Map<string, T>();
      if (names.size === 0) return found;
      informer ??= start();
      await informer.synced;
      for (const name of names) {
        // The watch may not yet have an object that was created just before the pod.
        const object = informer.get({ namespace, name }) ?? (await getOrUndefined(client, resource, namespace, name));
        if (object) found.set(name, object);
      }
      return found;
    };
  };
  const loadConfigMaps = createLoader<ConfigMap>(configMaps);
  const loadSecrets = createLoader<Secret>(secrets);
  const loadTokens = createTokenCache(client);
  return {
    async load(pod) {
      const references = referencesOf(pod);
      const namespace = pod.metadata.namespace ?? 'default';
      const [foundMaps, foundSecrets, token] = await Promise.all([
        loadConfigMaps(namespace, references.configMaps),
        loadSecrets(namespace, references.secrets),
        loadTokens(pod),
      ]);
      return { token, configMap: (name) => foundMaps.get(name), secret: (name) => foundSecrets.get(name) };
    },
    onChange: (listener) => void listeners.push(listener),
  };
};

const getOrUndefined = async <T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  namespace: string,
  name: string,
): Promise<T | undefined> => {
  try {
    return await client.get(resource, { namespace, name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};
