// The scale subresource of deployments and replica sets: their number of replicas and the selector of their pods.
import type { Deployment } from '../../../api/apps.ts';
import { typeOf } from '../../../api/field-types.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf } from '../../../api/resources.ts';
import { existing, updateInStore } from '../admission/write.ts';
import { type Handler, keyOf, ok, type ResourceExchange } from '../exchange/exchange.ts';
import { applyConfiguration } from '../ownership/apply.ts';
import type { Manager } from '../ownership/managers.ts';
import { parentOwners, scaleOwners } from '../ownership/scale.ts';
import { formatSelector } from '../resources/cells.ts';
import { subresources } from '../resources/subresources.ts';
import { isRecord } from '../schema/record.ts';
import { invalid } from '../status.ts';
import { atLeast } from '../validation/values.ts';
import { contentTypeOf, readDocument } from './body.ts';
import { toObject } from './decode.ts';
import { applyPatch, applyTo, isForced, patchTypes, requireManager } from './patch.ts';
import { managerOf, writeOptionsOf } from './write-options.ts';

/** autoscaling/v1 Scale */
interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** A deployment or a replica set: only fields that both have are used. */
type Scalable = Deployment;

const current = (exchange: ResourceExchange): Scalable =>
  existing(exchange.api, exchange.resource, keyOf(exchange)) as Scalable;

const scaleOf = ({ metadata, spec, status }: Scalable): Scale => ({
  kind: 'Scale',
  apiVersion: 'autoscaling/v1',
  metadata: {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    creationTimestamp: metadata.creationTimestamp ?? '',
  },
  spec: { replicas: spec.replicas ?? 0 },
  status: { replicas: status?.replicas ?? 0, selector: formatSelector(spec.selector) },
});

export const getScale: Handler = (exchange) => ok(scaleOf(current(exchange)));

export const updateScale: Handler = async (exchange) => {
  const scale = toScale(exchange, await readDocument(exchange.request));
  return ok(setScale(exchange, scale));
};

export const patchScale: Handler = async (exchange) => {
  const document = await readDocument(exchange.request, patchTypes);
  const type = contentTypeOf(exchange.request);
  if (type === applyPatch) return ok(applyScale(exchange, document));
  const patched = applyTo(type, typeOf(subresources.scale), unversioned(scaleOf(current(exchange))), document);
  return ok(setScale(exchange, toScale(exchange, patched)));
};

/** Without a version, so that only a version in the patch is a precondition. */
const unversioned = (scale: Scale): Scale => {
  const { resourceVersion: _version, ...metadata } = scale.metadata;
  return { ...scale, metadata };
};

/** Who applies a Scale owns .spec.replicas of the deployment or replica set. */
const applyScale = (exchange: ResourceExchange, document: unknown): Scale => {
  const { resource } = exchange;
  requireManager(exchange);
  const parent = current(exchange);
  const apiVersion = apiVersionOf(subresources.scale);
  const manager: Manager = { ...managerOf(exchange), operation: 'Apply', apiVersion };
  const before = unversioned(scaleOf(parent));
  before.metadata.managedFields = scaleOwners(parent, apiVersion);
  const wanted = toScale(exchange, document);
  const apply = { resource: subresources.scale, manager, force: isForced(exchange), hasStatus: true };
  const next = applyConfiguration(apply, before, wanted) as Scale;
  if (wanted.metadata.resourceVersion) next.metadata.resourceVersion = wanted.metadata.resourceVersion;
  return setScale(exchange, next, parentOwners(parent, next, apiVersionOf(resource)));
};

const toScale = (exchange: ResourceExchange, document: unknown): Scale =>
  toObject(exchange, subresources.scale, isRecord(document) ? document : {}) as Scale;

/** @param owners the managedFields after an apply. Otherwise the write records its manager. */
const setScale = (exchange: ResourceExchange, { metadata, spec }: Scale, owners?: unknown[]): Scale => {
  const { api, resource } = exchange;
  const replicas = spec?.replicas ?? 0;
  const problems = atLeast(replicas, 0, 'spec.replicas');
  if (problems.length > 0) throw invalid(subresources.scale, metadata.name, problems);
  const object = structuredClone(current(exchange));
  if (metadata.resourceVersion) object.metadata.resourceVersion = metadata.resourceVersion;
  object.spec.replicas = replicas;
  const options = { ...writeOptionsOf(exchange), subresource: undefined };
  if (!owners) return scaleOf(updateInStore(api, resource, object, options) as Scalable);
  object.metadata.managedFields = owners;
  return scaleOf(updateInStore(api, resource, object, { ...options, manager: undefined }) as Scalable);
};
