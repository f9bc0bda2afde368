// POST on a collection.
import type { Service, ServiceAccount } from '../../../api/core.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { namespaces, type Resource, serviceAccounts, services } from '../../../api/resources.ts';
import { createInStore } from '../admission/write.ts';
import { badRequest } from '../status.ts';
import { readObject } from './decode.ts';
import { type Api, type Handler, isDryRun } from './request.ts';

export const create: Handler = async (exchange) => {
  const { api, resource, info, url } = exchange;
  const object = await readObject(exchange);
  if (resource.namespaced && info.namespace === undefined)
    throw badRequest('an empty namespace may not be set during creation');
  const dryRun = isDryRun(url);
  const created = createInStore(api, resource, object, { dryRun });
  if (!dryRun) afterCreate(api, resource, created);
  return { code: 201, body: created };
};

/** What a new object brings with it. */
export const afterCreate = (api: Api, resource: Resource, created: KubeObject): void => {
  if (resource === namespaces) addDefaultAccount(api, created.metadata.name);
  if (resource !== services) return;
  const { metadata, spec } = created as Service;
  if (!spec.clusterIP || spec.clusterIP === 'None') return;
  const service = `${metadata.namespace}/${metadata.name}`;
  api.logger.info(0, 'allocated clusterIPs', { service, clusterIPs: { IPv4: spec.clusterIP } });
};

/** Pods run as their namespace's account `default`, so each namespace has one from the start. */
export const addDefaultAccount = (api: Pick<Api, 'store' | 'clusterIps' | 'nodePorts'>, namespace: string): void => {
  const account: ServiceAccount = { metadata: { name: 'default', namespace } };
  if (!api.store.get(serviceAccounts, account.metadata)) createInStore(api, serviceAccounts, account);
};
