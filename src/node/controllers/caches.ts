// The caches that all controllers share, one per resource, and the read-only view of them for pure functions.
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Logger } from '../../kit/logger.ts';
import { createInformer } from '../client/informer.ts';
import type { Client, Informer } from '../client/types.ts';
import type { World } from './controller.ts';

export interface Caches {
  readonly resources: readonly Resource[];
  of<T extends KubeObject>(resource: Resource<T>): Informer<T>;
  readonly synced: Promise<void>;
}

/** One shared cache per resource. */
export const createCaches = (
  client: Client,
  resources: readonly Resource[],
  options: { readonly signal: AbortSignal; readonly logger: Logger },
): Caches => {
  const informers = new Map(resources.map((resource) => [resource.kind, createInformer(client, resource, options)]));
  return {
    resources,
    of: <T extends KubeObject>(resource: Resource<T>) => {
      const informer = informers.get(resource.kind);
      if (!informer) throw new Error(`no cache of ${resource.plural}`);
      return informer as unknown as Informer<T>;
    },
    synced: Promise.all([...informers.values()].map(({ synced }) => synced)).then(() => undefined),
  };
};

export const worldOf = (caches: Caches, now: number, lastError?: string): World => ({
  get: (resource, key) => caches.of(resource).get(resource.namespaced ? key : { name: key.name }),
  all: (resource, namespace) => {
    const all = [...caches.of(resource).items.values()];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  },
  now,
  ...(lastError === undefined ? {} : { lastError }),
});
