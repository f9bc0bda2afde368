// PUT namespaces/n/finalize: the namespace controller releases a namespace that it has emptied.
import type { Namespace } from '../../../api/core.ts';
import { namespaces } from '../../../api/resources.ts';
import { isFinished } from '../admission/object.ts';
import { existing } from '../admission/write.ts';
import { type Handler, ok } from '../exchange/exchange.ts';
import { modified } from '../status.ts';
import { readObject } from './decode.ts';

export const finalize: Handler = async (exchange) => {
  const { api } = exchange;
  const given = (await readObject(exchange)) as Namespace;
  const current = existing(api, namespaces, given.metadata) as Namespace;
  const { resourceVersion } = given.metadata;
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion)
    throw modified(namespaces, current.metadata.name);
  const next = { ...structuredClone(current), spec: { finalizers: given.spec?.finalizers ?? [] } };
  return ok(isFinished(next) ? api.store.remove(namespaces, next) : api.store.put(namespaces, next));
};
