// PATCH on an object or its status: JSON patch, merge patch, strategic merge patch, server-side apply.

import { typeOf } from '../../../api/field-types.ts';
import { checkPreconditions, createInStore, existing, hasStatus, updateInStore } from '../admission/write.ts';
import { type Answer, created, type Handler, keyOf, ok, type ResourceExchange } from '../exchange/exchange.ts';
import { applyConfiguration } from '../ownership/apply.ts';
import type { Manager } from '../ownership/managers.ts';
import { applyJsonPatch, PatchError } from '../patch/json.ts';
import { applyMergePatch } from '../patch/merge.ts';
import { applyStrategicPatch } from '../patch/strategic.ts';
import { definitionOf } from '../resources/all.ts';
import { shownAs } from '../resources/versions.ts';
import { isRecord } from '../schema/record.ts';
import { badRequest, StatusError } from '../status.ts';
import { contentTypeOf, readDocument } from './body.ts';
import { toObject } from './decode.ts';
import { managerOf, writeOptionsOf } from './write-options.ts';

const jsonPatch = 'application/json-patch+json';
const mergePatch = 'application/merge-patch+json';
const strategicPatch = 'application/strategic-merge-patch+json';
export const applyPatch = 'application/apply-patch+yaml';
export const patchTypes = [jsonPatch, mergePatch, strategicPatch, applyPatch];

export const patch: Handler = async (exchange) => {
  const { api, resource, request, info } = exchange;
  const document = await readDocument(request, patchTypes);
  const type = contentTypeOf(request);
  if (type === applyPatch) return apply(exchange, document);
  const current = existing(api, resource, keyOf(exchange));
  const patched = applyTo(type, typeOf(info.served?.resource ?? resource), shownAs(info.served, current), document);
  if (!isRecord(patched)) throw badRequest('the patched document is not an object');
  const object = toObject(exchange, resource, patched);
  // Only a resourceVersion in the patch is a precondition.
  if (!hasVersion(document)) object.metadata.resourceVersion = current.metadata.resourceVersion ?? '';
  return ok(updateInStore(api, resource, object, writeOptionsOf(exchange)));
};

/** @throws StatusError 400 on a patch that can't be parsed, 422 on a JSON patch that doesn't fit the object */
export const applyTo = (type: string, token: string, current: unknown, document: unknown): unknown => {
  try {
    if (type === jsonPatch) return applyJsonPatch(current, document);
    if (type === mergePatch) return applyMergePatch(current, document);
    return applyStrategicPatch(token, current, document);
  } catch (cause) {
    if (!(cause instanceof PatchError)) throw cause;
    if (type === jsonPatch)
      throw new StatusError(
        422,
        'Invalid',
        `the server rejected our request due to an error in our request: ${cause.message}`,
      );
    throw badRequest(cause.message);
  }
};

const hasVersion = (document: unknown): boolean =>
  isRecord(document) && isRecord(document.metadata) && document.metadata.resourceVersion !== undefined;

/** @throws StatusError 422 */
export const requireManager = ({ url }: ResourceExchange): void => {
  if (url.searchParams.get('fieldManager')) return;
  throw new StatusError(
    422,
    'Invalid',
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  );
};

/** Whether an apply takes fields from their owners. */
export const isForced = ({ url }: ResourceExchange): boolean => url.searchParams.get('force') === 'true';

/** Server-side apply: creates a missing object, or merges and removes the fields that this apply leaves out. */
const apply = (exchange: ResourceExchange, document: unknown): Answer => {
  const { api, resource } = exchange;
  requireManager(exchange);
  if (!isRecord(document)) throw badRequest('error decoding YAML: the body is not an object');
  const manager: Manager = { ...managerOf(exchange), operation: 'Apply' };
  const wanted = toObject(exchange, resource, document);
  const current = api.store.get(resource, wanted.metadata);
  if (current) checkPreconditions(resource, wanted, current);
  const applied = { resource, manager, force: isForced(exchange), hasStatus: hasStatus(definitionOf(resource)) };
  const next = applyConfiguration(applied, current, wanted);
  // The apply has set the owners.
  const options = { ...writeOptionsOf(exchange), manager: undefined };
  if (!current) return created(createInStore(api, resource, next, options));
  return ok(next === current ? current : updateInStore(api, resource, next, options));
};
