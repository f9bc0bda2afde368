// PUT on an object or on its status.
import { updateInStore } from '../admission/write.ts';
import { type Handler, ok } from '../exchange/exchange.ts';
import { readObject } from './decode.ts';
import { writeOptionsOf } from './write-options.ts';

export const update: Handler = async (exchange) => {
  const { api, resource } = exchange;
  const object = await readObject(exchange);
  return ok(updateInStore(api, resource, object, writeOptionsOf(exchange)));
};
