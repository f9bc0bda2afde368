// Which handler answers a request: one table for resources and their subresources, then reviews and the other paths.
import { authorizePath, authorizeResource } from '../auth/authorize.ts';
import type { Answer, Exchange, Handler, Target } from '../exchange/exchange.ts';
import { parseResourceRequest, type ResourceRequest, type Verb } from '../exchange/info.ts';
import { definitionOf } from '../resources/all.ts';
import type { SubresourceVerb } from '../resources/subresources.ts';
import { bodyShownAs } from '../resources/versions.ts';
import { methodNotAllowed, notServed, pathNotFound, qualified } from '../status.ts';
import { bind } from './binding.ts';
import { contentTypeOf } from './body.ts';
import { create } from './create.ts';
import { evict, remove, removeCollection } from './delete.ts';
import { deletedObjects } from './deleted.ts';
import { discovery } from './discovery.ts';
import { finalize } from './finalize.ts';
import { get } from './get.ts';
import { issuer } from './issuer.ts';
import { needsUpgrade, podLog } from './kubelet.ts';
import { emptyList, list } from './list.ts';
import { misc } from './misc.ts';
import { openapi } from './openapi.ts';
import { checkOptions } from './options.ts';
import { patch } from './patch.ts';
import { proxy } from './proxy/proxy.ts';
import { reviewOf } from './review.ts';
import { getScale, patchScale, updateScale } from './scale.ts';
import { requestToken } from './token.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

type Route = Exclude<Verb, 'options'> | SubresourceVerb | 'options/proxy';

const routes: Readonly<Record<Route, Handler>> = {
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
  'get/approval': get,
  'update/approval': update,
  'patch/approval': patch,
  'get/ephemeralcontainers': get,
  'update/ephemeralcontainers': update,
  'patch/ephemeralcontainers': patch,
  'get/scale': getScale,
  'update/scale': updateScale,
  'patch/scale': patchScale,
  'create/binding': bind,
  'create/eviction': evict,
  'update/finalize': finalize,
  'create/token': requestToken,
  'get/log': podLog,
  'get/exec': needsUpgrade,
  'create/exec': needsUpgrade,
  'get/attach': needsUpgrade,
  'create/attach': needsUpgrade,
  'get/portforward': needsUpgrade,
  'create/portforward': needsUpgrade,
  'get/proxy': proxy,
  'create/proxy': proxy,
  'update/proxy': proxy,
  'patch/proxy': proxy,
  'delete/proxy': proxy,
  'options/proxy': proxy,
};
const handlers: ReadonlyMap<string, Handler> = new Map(Object.entries(routes));

/** @throws StatusError */
export const dispatch = async (exchange: Exchange): Promise<Answer | undefined> => {
  const { request, url, user } = exchange;
  const info = parseResourceRequest(request.method ?? 'GET', url);
  if (!info) return dispatchPath(exchange);
  authorizeResource(user, info);
  checkOptions(info, url, contentTypeOf(request));
  const review = request.method === 'POST' ? reviewOf(info) : undefined;
  if (review) return review(exchange);
  const nothing = emptyList(info, exchange.api);
  if (nothing) return nothing;
  const target = targetOf(info);
  const answer = await handlerOf(info)({ ...exchange, ...target });
  return answer && info.served ? { ...answer, body: bodyShownAs(info.served, answer.body) } : answer;
};

const dispatchPath = (exchange: Exchange): Answer => {
  const { request, url, user } = exchange;
  authorizePath(user, request.method ?? 'GET', url.pathname);
  const past = deletedObjects(exchange);
  if (past) return past;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  const answer = misc(exchange) ?? discovery(exchange) ?? openapi(exchange) ?? issuer(exchange);
  if (!answer) throw pathNotFound();
  return answer;
};

/** The resource that an authorized request is about. @throws StatusError 404 */
export const targetOf = (info: ResourceRequest): Target => {
  const { resource, subresource } = info;
  if (!resource) throw notServed(qualified(info));
  const known: readonly string[] = definitionOf(resource).subresources ?? [];
  if (subresource !== undefined && !known.includes(subresource))
    throw notServed(`the subresource ${subresource} of ${qualified(resource)}`);
  return { info, resource };
};

/** @throws StatusError 405 */
const handlerOf = ({ verb, subresource, resource, namespace, name }: ResourceRequest): Handler => {
  const handler = handlers.get(subresource === undefined ? verb : `${verb}/${subresource}`);
  if (!handler) throw methodNotAllowed();
  // Requests for one object and for new objects need a namespace in the URL.
  const needsNamespace =
    resource?.namespaced && (name !== undefined || verb === 'create' || verb === 'deletecollection');
  if (needsNamespace && namespace === undefined) throw methodNotAllowed();
  if (name !== undefined && verb === 'create' && subresource === undefined) throw methodNotAllowed();
  return handler;
};
