// GET of one object.
import { existing } from '../admission/write.ts';
import { encodeObjects } from '../table/encode.ts';
import { type Handler, ok } from './request.ts';

export const get: Handler = (exchange) => {
  const { api, resource, info } = exchange;
  const key = { name: info.name ?? '', namespace: resource.namespaced ? info.namespace : undefined };
  const object = existing(api, resource, key);
  return ok(encodeObjects(exchange, { objects: [object], list: object }));
};
