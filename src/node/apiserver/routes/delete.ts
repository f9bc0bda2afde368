// DELETE of one object, and of a collection. Pods go through the kubelet, namespaces through their controller.

import type { Pod } from '../../../api/core.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { namespaces, pods, type Resource } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { existing, isFinished } from '../admission/write.ts';
import { isRecord } from '../patch/merge.ts';
import { conflict, forbidden } from '../status.ts';
import { readDocument } from './decode.ts';
import { listOf, selectorsOf } from './list.ts';
import { type Answer, type Api, type Handler, isDryRun, ok, type ResourceExchange } from './request.ts';

interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
}

export const remove: Handler = async (exchange) => {
  const { api, resource, info } = exchange;
  const options = await readOptions(exchange);
  const key = { name: info.name ?? '', namespace: resource.namespaced ? info.namespace : undefined };
  const current = existing(api, resource, key);
  return ok(deleted(resource, deleteObject(api, resource, current, options)));
};

/** Everything that the selectors pick. */
export const removeCollection: Handler = async (exchange): Promise<Answer> => {
  const { api, resource, info } = exchange;
  const options = await readOptions(exchange);
  const { matches } = selectorsOf(exchange);
  const gone = api.store.list(resource, info.namespace).filter(matches);
  const removed = gone.map((object) => deleteObject(api, resource, object, options).object);
  return ok(listOf(resource, removed, { resourceVersion: String(api.store.revision) }));
};

/** `POST pods/p/eviction`, with which `kubectl drain` empties a node. No disruption budgets exist that could object. */
export const evict: Handler = async ({ api, request, url, info }) => {
  const document = await readDocument(request);
  const options = isRecord(document) && isRecord(document.deleteOptions) ? document.deleteOptions : {};
  const current = existing(api, pods, { name: info.name ?? '', namespace: info.namespace });
  deleteObject(api, pods, current, optionsFrom(options, url));
  return { code: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
};

const readOptions = async ({ request, url }: ResourceExchange): Promise<DeleteOptions> => {
  const document = await readDocument(request);
  return optionsFrom(isRecord(document) ? document : {}, url);
};

/** The body's options; what it leaves out may stand in the query. */
const optionsFrom = (body: Record<string, unknown>, url: URL): DeleteOptions => {
  const grace = body.gracePeriodSeconds ?? url.searchParams.get('gracePeriodSeconds') ?? undefined;
  const dryRun = isDryRun(url) || (Array.isArray(body.dryRun) && body.dryRun.includes('All'));
  return {
    gracePeriodSeconds: grace === undefined ? undefined : Number(grace),
    propagationPolicy: String(body.propagationPolicy ?? url.searchParams.get('propagationPolicy') ?? ''),
    preconditions: isRecord(body.preconditions) ? body.preconditions : {},
    dryRun,
  };
};

interface Deletion {
  readonly object: KubeObject;
  /** False while something is still waited for: a grace period, a finalizer. */
  readonly gone: boolean;
}

const immortal = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

const deleteObject = (api: Api, resource: Resource, current: KubeObject, options: DeleteOptions): Deletion => {
  const { uid, resourceVersion, name } = current.metadata;
  const { preconditions } = options;
  if (preconditions.uid && preconditions.uid !== uid)
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`,
    );
  if (preconditions.resourceVersion && preconditions.resourceVersion !== resourceVersion)
    throw conflict(
      resource,
      name,
      `Precondition failed: ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  if (resource === namespaces && immortal.has(name))
    throw forbidden(resource, name, 'this namespace may not be deleted');
  const marked = mark(resource, current, options);
  if (options.dryRun) return { object: marked, gone: isFinished(marked) };
  // What goes at once was never seen waiting.
  if (isFinished(marked)) {
    const waited = current.metadata.deletionTimestamp !== undefined;
    return { object: api.store.remove(resource, waited ? marked : current), gone: true };
  }
  return { object: marked === current ? current : api.store.put(resource, marked), gone: false };
};

/** The object with its deletion noted: when, how long it may take, who else must let go of it. */
const mark = (resource: Resource, current: KubeObject, options: DeleteOptions): KubeObject => {
  const grace = graceOf(resource, current, options);
  const { deletionTimestamp, deletionGracePeriodSeconds: before = 0 } = current.metadata;
  // A second deletion may only shorten the grace period.
  if (deletionTimestamp !== undefined && grace >= before) return current;
  const finalizers = finalizersOf(current, options);
  const object = structuredClone(current) as KubeObject & { status?: Record<string, unknown> };
  object.metadata.deletionTimestamp = timestamp(Date.now() + grace * 1000);
  object.metadata.deletionGracePeriodSeconds = grace;
  if (finalizers.length > 0) object.metadata.finalizers = finalizers;
  if (resource === namespaces) object.status = { ...object.status, phase: 'Terminating' };
  if (object.metadata.generation !== undefined) object.metadata.generation += 1;
  return object;
};

/** Only pods that a kubelet runs are given time. */
const graceOf = (resource: Resource, current: KubeObject, { gracePeriodSeconds }: DeleteOptions): number => {
  if (resource !== pods) return 0;
  const { spec, status } = current as Pod;
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  const grace = gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  return Math.max(0, grace);
};

const finalizersOf = ({ metadata }: KubeObject, { propagationPolicy }: DeleteOptions): string[] => {
  const finalizers = [...(metadata.finalizers ?? [])];
  const extra =
    propagationPolicy === 'Orphan' ? 'orphan' : propagationPolicy === 'Foreground' ? 'foregroundDeletion' : undefined;
  return extra === undefined || finalizers.includes(extra) ? finalizers : [...finalizers, extra];
};

const deleted = (resource: Resource, { object, gone }: Deletion): unknown => {
  if (!gone || resource === pods) return object;
  const { name, uid } = object.metadata;
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
};
