// PUT on an object or on its status.
import { updateInStore } from '../admission/write.ts';
import { type Handler, ok } from '../exchange/exchange.ts';
import { managerOf } from '../exchange/manager.ts';
import { isDryRun } from '../exchange/query.ts';
import { readObject } from './decode.ts';

export const update: Handler = async (exchange) => {
  const { api, resource, info, url } = exchange;
  const object = await readObject(exchange);
  return ok(
    updateInStore(api, resource, object, {
      dryRun: isDryRun(url),
      subresource: info.subresource,
      manager: managerOf(exchange),
    }),
  );
};
