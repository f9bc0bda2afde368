// POST on a collection.
import { createInStore } from '../admission/write.ts';
import { created, type Handler } from '../exchange/exchange.ts';
import { managerOf } from '../exchange/manager.ts';
import { isDryRun } from '../exchange/query.ts';
import { badRequest } from '../status.ts';
import { readObject } from './decode.ts';

export const create: Handler = async (exchange) => {
  const { api, resource, info, url } = exchange;
  const object = await readObject(exchange);
  if (resource.namespaced && info.namespace === undefined)
    throw badRequest('an empty namespace may not be set during creation');
  return created(createInStore(api, resource, object, { dryRun: isDryRun(url), manager: managerOf(exchange) }));
};
