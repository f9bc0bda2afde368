// POST on a collection.
import type { ServiceAccount } from '../../../api/core.ts';
import { namespaces, serviceAccounts } from '../../../api/resources.ts';
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
  if (resource === namespaces && !dryRun) addDefaultAccount(api, created.metadata.name);
  return { code: 201, body: created };
};

/** Pods run as their namespace's account `default`, so each namespace has one from the start. */
export const addDefaultAccount = (api: Pick<Api, 'store' | 'clusterIps' | 'nodePorts'>, namespace: string): void => {
  const account: ServiceAccount = { metadata: { name: 'default', namespace } };
  if (!api.store.get(serviceAccounts, account.metadata)) createInStore(api, serviceAccounts, account);
};
