// Writes the service kube-dns and its endpoints, and restores them when somebody deletes or changes them.
import type { Endpoints, Namespace, Service } from '../../api/core.ts';
import type { EndpointSlice } from '../../api/discovery.ts';
import type { KubeObject } from '../../api/meta.ts';
import { endpointSlices, endpoints, type Resource, services } from '../../api/resources.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { startReconciler } from '../../kit/reconcile.ts';
import type { Client, Informer } from '../client/types.ts';
import { difference, type OwnAddress, ownKey, wantedObjects } from './service.ts';

export interface Informers {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly namespaces: Informer<Namespace>;
  readonly endpoints: Informer<Endpoints>;
}

export interface KeepOptions extends OwnAddress {
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts. */
export const keepService = async (
  client: Client,
  informers: Pick<Informers, 'services' | 'slices' | 'endpoints'>,
  options: KeepOptions,
): Promise<void> => {
  const { logger, signal } = options;
  const caches = new Map<Resource, Informer<KubeObject>>([
    [services, informers.services],
    [endpoints, informers.endpoints],
    [endpointSlices, informers.slices],
  ]);
  const sync = async (): Promise<void> => {
    for (const { resource, object } of wantedObjects(options)) {
      const existing = caches.get(resource)?.get(ownKey);
      const step = difference(object, existing);
      if (step === 'none') continue;
      if (step === 'create') await client.create(resource, object);
      else await client.update(resource, { ...existing, ...object, metadata: existing?.metadata ?? object.metadata });
      logger.info(2, 'Wrote own object', { resource: resource.plural, step });
    }
  };
  const loop = startReconciler({
    sync,
    // At the start the namespace may be missing. Later a cache may be stale. The retry solves both.
    onError: (error, retryInMs) =>
      logger.info(2, 'Could not write the service kube-dns yet', { err: messageOf(error), retryInMs }),
    signal,
    maxBackoffMs: 2000,
  });
  await Promise.all([...caches.values()].map(({ synced }) => synced));
  for (const informer of caches.values()) {
    informer.onChange((before, after) => {
      if ((after ?? before)?.metadata.name === ownKey.name) loop.trigger();
    });
  }
  loop.trigger();
  await loop.stopped;
};
