// POST on a collection.

import type { KubeObject } from '../../../api/meta.ts';
import { createInStore } from '../admission/write.ts';
import { created, type Handler } from '../exchange/exchange.ts';
import type { ResourceRequest } from '../exchange/info.ts';
import type { Fields } from '../schema/record.ts';
import { badRequest, invalid } from '../status.ts';
import { readObject } from './decode.ts';
import { writeOptionsOf } from './write-options.ts';

export const create: Handler = async (exchange) => {
  const { api, resource, info } = exchange;
  const object = await readObject(exchange);
  refuseNew(info, object);
  if (resource.namespaced && info.namespace === undefined)
    throw badRequest('an empty namespace may not be set during creation');
  return created(createInStore(api, resource, object, writeOptionsOf(exchange)));
};

/** The rules of the version that the client uses. @throws StatusError 422 */
const refuseNew = ({ served }: ResourceRequest, object: KubeObject): void => {
  const problems = served?.validateNew?.(served.fromStored(object as unknown as Fields)) ?? [];
  if (served && problems.length > 0) throw invalid(served.resource, object.metadata.name ?? '', problems);
};
