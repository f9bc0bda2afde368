// DELETE of one object and of a collection, and evictions.
import type { Pod } from '../../../api/core-pods.ts';
import { conditionsOfDisruption } from '../../../api/disruption.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { pods, type Resource } from '../../../api/resources.ts';
import { type DeleteOptions, type Deletion, deleteInStore } from '../admission/delete.ts';
import { existing } from '../admission/write.ts';
import { created, type Handler, keyOf, namespaceOf, ok, type ResourceExchange } from '../exchange/exchange.ts';
import { isDryRun } from '../exchange/query.ts';
import { definitionOf } from '../resources/all.ts';
import { subresources } from '../resources/subresources.ts';
import { type Fields, isRecord } from '../schema/record.ts';
import { badRequest, detailsOf, success } from '../status.ts';
import { readDocument } from './body.ts';
import { toObject } from './decode.ts';
import { listOf } from './list.ts';
import { checkDeleteOptions } from './options.ts';
import { matcherOf } from './selection.ts';

/** policy/v1 Eviction */
interface Eviction extends KubeObject {
  readonly deleteOptions?: Fields;
}

export const remove: Handler = async (exchange) => {
  const { api, resource } = exchange;
  const options = await readOptions(exchange);
  const current = existing(api, resource, keyOf(exchange));
  return ok(answerOf(resource, deleteInStore(api, resource, current, options)));
};

/** Deletes every object that the selectors pick. */
export const removeCollection: Handler = async (exchange) => {
  const { api, resource } = exchange;
  const options = await readOptions(exchange);
  const selected = api.store.list(resource, namespaceOf(exchange)).filter(matcherOf(exchange));
  const removed = selected.map((object): KubeObject => deleteInStore(api, resource, object, options).object);
  return ok(listOf(resource, removed, { resourceVersion: String(api.store.revision) }));
};

/** `POST pods/p/eviction`: `kubectl drain` empties a node this way. There are no disruption budgets. */
export const evict: Handler = async (exchange) => {
  const { api, request, url } = exchange;
  const document = await readDocument(request);
  if (!isRecord(document)) throw badRequest("Object 'Kind' is missing in the body");
  const { deleteOptions } = toObject(exchange, subresources.eviction, document) as Eviction;
  const options = deleteOptions ?? {};
  checkDeleteOptions(options);
  const current = existing(api, pods, keyOf(exchange)) as Pod;
  const asked = optionsFrom(options, url);
  // First checks the preconditions, because the new status gives the pod another resource version.
  deleteInStore(api, pods, current, { ...asked, dryRun: true });
  if (!asked.dryRun) {
    const conditions = conditionsOfDisruption(current.status, 'EvictionByEvictionAPI');
    const marked = api.store.put(pods, { ...current, status: { ...current.status, conditions } } as Pod);
    deleteInStore(api, pods, marked, { ...asked, preconditions: {} });
  }
  return created(success({ code: 201 }));
};

const readOptions = async ({ request, url }: ResourceExchange): Promise<DeleteOptions> => {
  const document = await readDocument(request);
  const options = isRecord(document) ? document : {};
  checkDeleteOptions(options);
  return optionsFrom(options, url);
};

/** The options of the body. Options that the body leaves out come from the query. */
const optionsFrom = (body: Fields, url: URL): DeleteOptions => {
  const grace = body.gracePeriodSeconds ?? url.searchParams.get('gracePeriodSeconds') ?? undefined;
  const dryRun = isDryRun(url) || (Array.isArray(body.dryRun) && body.dryRun.includes('All'));
  return {
    gracePeriodSeconds: grace === undefined ? undefined : Number(grace),
    propagationPolicy:
      body.orphanDependents === true
        ? 'Orphan'
        : String(body.propagationPolicy ?? url.searchParams.get('propagationPolicy') ?? ''),
    preconditions: isRecord(body.preconditions) ? body.preconditions : {},
    dryRun,
  };
};

const answerOf = (resource: Resource, { object, gone }: Deletion): unknown => {
  if (!gone || definitionOf(resource).answersWithObject) return object;
  const { name, uid } = object.metadata;
  return success({ details: { ...detailsOf(resource, name), uid: uid ?? '' } });
};
