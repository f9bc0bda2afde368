// The scale subresource of deployments and replica sets: how many replicas, and by which selector they are found.
import type { Deployment } from '../../../api/apps.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { existing, updateInStore } from '../admission/write.ts';
import { formatSelector } from '../table/format.ts';
import { readDocument, toObject } from './decode.ts';
import { applyTo, patchTypes } from './patch.ts';
import { type Handler, isDryRun, ok, type ResourceExchange } from './request.ts';

/** autoscaling/v1 Scale */
interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}
const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const;

type Scalable = Deployment;

const current = ({ api, resource, info }: ResourceExchange): Scalable =>
  existing(api, resource, { name: info.name ?? '', namespace: info.namespace }) as Scalable;

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
  status: { replicas: status?.replicas ?? 0, selector: formatSelector(spec.selector).replace('<none>', '') },
});

export const getScale: Handler = (exchange) => ok(scaleOf(current(exchange)));

export const updateScale: Handler = async (exchange) => {
  const document = await readDocument(exchange.request);
  return ok(setScale(exchange, document as Record<string, unknown>));
};

export const patchScale: Handler = async (exchange) => {
  const document = await readDocument(exchange.request, patchTypes);
  const type = (exchange.request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const { metadata, ...scale } = scaleOf(current(exchange));
  const { resourceVersion: _version, ...unversioned } = metadata;
  const patched = applyTo(type, 'autoscaling.v1.Scale', { ...scale, metadata: unversioned }, document);
  return ok(setScale(exchange, patched as Record<string, unknown>));
};

const setScale = (exchange: ResourceExchange, document: Record<string, unknown>): Scale => {
  const { api, resource, url } = exchange;
  const { metadata, spec } = toObject(exchange, scaleKind, document) as Scale;
  const object = structuredClone(current(exchange));
  if (metadata.resourceVersion) object.metadata.resourceVersion = metadata.resourceVersion;
  object.spec.replicas = spec?.replicas ?? 0;
  return scaleOf(updateInStore(api, resource, object, { dryRun: isDryRun(url) }) as Scalable);
};
