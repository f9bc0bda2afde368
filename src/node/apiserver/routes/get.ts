// GET of one object.
import { existing } from '../admission/write.ts';
import { type Handler, keyOf, ok } from '../exchange/exchange.ts';
import { encodeObjects } from '../table/table.ts';

export const get: Handler = (exchange) => {
  const { api, resource } = exchange;
  const object = existing(api, resource, keyOf(exchange));
  return ok(encodeObjects(exchange, { objects: [object], list: object }));
};
