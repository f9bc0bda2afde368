// PUT namespaces/n/finalize: the namespace controller lets go of an emptied namespace.
import type { Namespace } from '../../../api/core.ts';
import { namespaces } from '../../../api/resources.ts';
import { existing, isFinished } from '../admission/write.ts';
import { modified } from '../status.ts';
import { readObject } from './decode.ts';
import { type Handler, ok } from './request.ts';

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
