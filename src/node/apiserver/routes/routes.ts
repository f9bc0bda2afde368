// Which handler answers a request: one table for resources and their subresources, then the other paths.
import { authorizePath, authorizeResource } from '../auth/authorize.ts';
import { methodNotAllowed, pathNotFound } from '../status.ts';
import { watch } from '../watch/watch.ts';
import { bind } from './binding.ts';
import { create } from './create.ts';
import { evict, remove, removeCollection } from './delete.ts';
import { discovery } from './discovery.ts';
import { finalize } from './finalize.ts';
import { get } from './get.ts';
import { parseResourceRequest, type ResourceRequest } from './info.ts';
import { needsUpgrade, nodeProxy, podLog } from './kubelet.ts';
import { list } from './list.ts';
import { misc } from './misc.ts';
import { openapi } from './openapi.ts';
import { patch } from './patch.ts';
import type { Answer, Exchange, Handler, ResourceExchange } from './request.ts';
import { reviews } from './review.ts';
import { getScale, patchScale, updateScale } from './scale.ts';
import { update } from './update.ts';

/** By verb, with the subresource behind a slash. */
const handlers: Readonly<Record<string, Handler>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
  'get/status': get,
  'update/status': update,
  'patch/status': patch,
  'get/scale': getScale,
  'update/scale': updateScale,
  'patch/scale': patchScale,
  'create/binding': bind,
  'create/eviction': evict,
  'update/finalize': finalize,
  'get/log': podLog,
  'get/exec': needsUpgrade,
  'create/exec': needsUpgrade,
  'get/attach': needsUpgrade,
  'create/attach': needsUpgrade,
  'get/portforward': needsUpgrade,
  'create/portforward': needsUpgrade,
  'get/proxy': nodeProxy,
};

/** @throws StatusError for everything that is refused */
export const dispatch = async (exchange: Exchange): Promise<Answer | undefined> => {
  const { request, url, user } = exchange;
  const info = parseResourceRequest(request.method ?? 'GET', url);
  const review = request.method === 'POST' ? reviews[url.pathname] : undefined;
  if (info && review) {
    authorizeResource(user, info);
    return review(exchange);
  }
  if (!info) return dispatchPath(exchange);
  const resourceExchange = resolve(exchange, info);
  return handlerOf(info)(resourceExchange);
};

const dispatchPath = async (exchange: Exchange): Promise<Answer | undefined> => {
  const { request, url, user } = exchange;
  authorizePath(user, request.method ?? 'GET', url.pathname);
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  const answer = misc(exchange) ?? discovery(exchange) ?? openapi(exchange);
  if (!answer) throw pathNotFound();
  return answer;
};

/** Who may not ask isn't told what exists. @throws StatusError 403, 404 */
export const resolve = (exchange: Exchange, info: ResourceRequest): ResourceExchange => {
  authorizeResource(exchange.user, info);
  const { resource, subresource } = info;
  if (!resource) throw pathNotFound();
  const hasSubresource =
    subresource === undefined ||
    resource.subresources.some((known) => known === subresource) ||
    (resource.plural === 'nodes' && subresource === 'proxy');
  if (!hasSubresource) throw pathNotFound();
  return { ...exchange, info, resource };
};

const handlerOf = ({ verb, subresource, resource, namespace, name }: ResourceRequest): Handler => {
  const handler = handlers[subresource === undefined ? verb : `${verb}/${subresource}`];
  if (!handler) throw methodNotAllowed();
  // A single namespaced object, or a new one, has a namespace in its URL.
  const needsNamespace =
    resource?.namespaced && (name !== undefined || verb === 'create' || verb === 'deletecollection');
  if (needsNamespace && namespace === undefined) throw methodNotAllowed();
  if (name !== undefined && verb === 'create' && subresource === undefined) throw methodNotAllowed();
  return handler;
};
