// The scale subresource of deployments and replica sets: their number of replicas and the selector of their pods.
import type { Deployment } from '../../../api/apps.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { existing, updateInStore } from '../admission/write.ts';
import { type Handler, keyOf, ok, type ResourceExchange } from '../exchange/exchange.ts';
import { formatSelector } from '../resources/cells.ts';
import { subresources } from '../resources/subresources.ts';
import type { Fields } from '../schema/record.ts';
import { typeOf } from '../schema/schema.ts';
import { contentTypeOf, readDocument } from './body.ts';
import { toObject } from './decode.ts';
import { applyTo, patchTypes } from './patch.ts';
import { writeOptionsOf } from './write-options.ts';

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
  const document = await readDocument(exchange.request);
  return ok(setScale(exchange, document as Fields));
};

export const patchScale: Handler = async (exchange) => {
  const document = await readDocument(exchange.request, patchTypes);
  const { metadata, ...scale } = scaleOf(current(exchange));
  // Without a version, so that only a version in the patch is a precondition.
  const { resourceVersion: _version, ...unversioned } = metadata;
  const target = { ...scale, metadata: unversioned };
  const patched = applyTo(contentTypeOf(exchange.request), typeOf(subresources.scale), target, document);
  return ok(setScale(exchange, patched as Fields));
};

const setScale = (exchange: ResourceExchange, document: Fields): Scale => {
  const { api, resource } = exchange;
  const { metadata, spec } = toObject(exchange, subresources.scale, document) as Scale;
  const object = structuredClone(current(exchange));
  if (metadata.resourceVersion) object.metadata.resourceVersion = metadata.resourceVersion;
  object.spec.replicas = spec?.replicas ?? 0;
  const options = { ...writeOptionsOf(exchange), subresource: undefined };
  return scaleOf(updateInStore(api, resource, object, options) as Scalable);
};
