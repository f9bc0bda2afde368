// POST on a collection.
import { createInStore } from '../admission/write.ts';
import { created, type Handler } from '../exchange/exchange.ts';
import { badRequest } from '../status.ts';
import { readObject } from './decode.ts';
import { writeOptionsOf } from './write-options.ts';

export const create: Handler = async (exchange) => {
  const { api, resource, info } = exchange;
  const object = await readObject(exchange);
  if (resource.namespaced && info.namespace === undefined)
    throw badRequest('an empty namespace may not be set during creation');
  return created(createInStore(api, resource, object, writeOptionsOf(exchange)));
};
