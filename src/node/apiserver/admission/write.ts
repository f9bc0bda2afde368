// The one way into the store: create and update with defaults, admission, validation and allocation, in Kubernetes' order.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ObjectMeta } from '../../../api/meta.ts';
import { apiVersionOf, namespaces, type Resource } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { alreadyExists, badRequest, forbidden, invalid, modified, notFound } from '../status.ts';
import type { ObjectKey } from '../store/store.ts';
import { type FieldError, forbiddenField, invalidValue } from './field.ts';
import { validateMeta } from './names.ts';
import { strategyOf } from './strategies.ts';
import type { AdmissionContext, Strategy } from './strategy.ts';

export interface WriteOptions {
  readonly dryRun?: boolean;
}

type WithParts = KubeObject & { spec?: unknown; status?: unknown };

/** Decodes nothing: `object` has the right fields. @throws StatusError */
export const createInStore = (
  context: AdmissionContext,
  resource: Resource,
  given: KubeObject,
  { dryRun = false }: WriteOptions = {},
): KubeObject => {
  const strategy = strategyOf(resource);
  const object = structuredClone(given);
  prepareMeta(resource, object);
  requireNamespace(context, resource, object);
  strategy.setDefaults?.(object);
  strategy.prepareCreate?.(object, context);
  if (strategy.hasGeneration) object.metadata.generation = 1;
  refuse(resource, object, [...validateMeta(resource, object), ...(strategy.validate?.(object) ?? [])]);
  if (context.store.get(resource, object.metadata)) throw alreadyExists(resource, object.metadata.name);
  refuse(resource, object, strategy.allocate?.(object, undefined, context) ?? []);
  return dryRun ? object : context.store.put(resource, ordered(resource, object));
};

const prepareMeta = (resource: Resource, object: KubeObject): void => {
  const { metadata } = object;
  if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  metadata.name ??= '';
  if (metadata.name === '' && metadata.generateName)
    metadata.name = `${metadata.generateName.slice(0, 58)}${randomSuffix()}`;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp();
  for (const field of ['resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const)
    delete metadata[field];
  if (!resource.namespaced) delete metadata.namespace;
};

/** Letters and digits that spell no words, as apimachinery's rand.String draws them. */
const randomSuffix = (): string => {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 5 }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join('');
};

const requireNamespace = ({ store }: AdmissionContext, resource: Resource, { metadata }: KubeObject): void => {
  if (!resource.namespaced) return;
  const name = metadata.namespace ?? '';
  const namespace = store.get(namespaces, { name });
  if (!namespace) throw notFound(namespaces, name);
  // Events may still tell how the namespace goes.
  if (namespace.metadata.deletionTimestamp === undefined || resource.plural === 'events') return;
  const reason = `unable to create new content in namespace ${name} because it is being terminated`;
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${name} is being terminated`,
    field: 'metadata.namespace',
  };
  throw forbidden(resource, metadata.name, reason, { causes: [cause] });
};

const refuse = (resource: Resource, object: KubeObject, errors: readonly FieldError[]): void => {
  if (errors.length > 0) throw invalid(resource, object.metadata.name, errors);
};

/** The fields in the order in which Kubernetes prints them, without what it leaves out when empty. */
const ordered = (resource: Resource, object: KubeObject): KubeObject => {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: withoutEmpty(metadata), ...rest };
};

const withoutEmpty = (metadata: ObjectMeta): ObjectMeta => {
  const result = { ...metadata };
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields'] as const) {
    const value = result[field];
    if (value && Object.keys(value).length === 0) delete result[field];
  }
  return result;
};

export interface UpdateOptions extends WriteOptions {
  readonly subresource?: string | undefined;
}

/**
 * Replaces an object, or only its status. An update that changes nothing writes nothing.
 * @param given may carry a resourceVersion and a uid, which must then be the stored ones
 */
export const updateInStore = (
  context: AdmissionContext,
  resource: Resource,
  given: KubeObject,
  { dryRun = false, subresource }: UpdateOptions = {},
): KubeObject => {
  const current = existing(context, resource, given.metadata);
  checkPreconditions(resource, given, current);
  const strategy = strategyOf(resource);
  const next = subresource === 'status' ? withStatus(given, current) : wholeUpdate(strategy, given, current);
  carryMeta(next, current);
  if (subresource === undefined) {
    const errors = [
      ...validateMeta(resource, next),
      ...validateMetaUpdate(next, current),
      ...(strategy.validate?.(next) ?? []),
      ...(strategy.validateUpdate?.(next, current) ?? []),
    ];
    refuse(resource, next, errors);
    refuse(resource, next, strategy.allocate?.(next, current, context) ?? []);
    if (strategy.hasGeneration && !isDeepStrictEqual(specOf(next), specOf(current)))
      next.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }
  if (isDeepStrictEqual(ordered(resource, next), ordered(resource, current))) return current;
  if (isFinished(next)) return dryRun ? next : context.store.remove(resource, ordered(resource, next));
  return dryRun ? next : context.store.put(resource, ordered(resource, next));
};

export const existing = ({ store }: AdmissionContext, resource: Resource, key: ObjectKey): KubeObject => {
  const current = store.get(resource, key);
  if (!current) throw notFound(resource, key.name);
  return current;
};

const checkPreconditions = (resource: Resource, given: KubeObject, current: KubeObject): void => {
  const { resourceVersion, uid, name } = given.metadata;
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) throw modified(resource, name);
  if (uid && uid !== current.metadata.uid) {
    const value = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw invalid(resource, name, [invalidValue('metadata.uid', value, 'field is immutable')]);
  }
};

const withStatus = (given: KubeObject, current: KubeObject): KubeObject => {
  const next = structuredClone(current) as WithParts;
  const { status } = given as WithParts;
  if (status === undefined) delete next.status;
  else next.status = structuredClone(status);
  return next;
};

const wholeUpdate = (strategy: Strategy, given: KubeObject, current: KubeObject): KubeObject => {
  const next = structuredClone(given) as WithParts;
  const { status } = current as WithParts;
  if (strategy.hasStatus) {
    if (status === undefined) delete next.status;
    else next.status = structuredClone(status);
  }
  strategy.setDefaults?.(next);
  strategy.prepareUpdate?.(next, current);
  return next;
};

/** What only the server sets stays as it was. */
const carryMeta = (next: KubeObject, current: KubeObject): void => {
  const kept = [
    'uid',
    'creationTimestamp',
    'generateName',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
  ] as const;
  for (const field of kept) {
    const value = current.metadata[field];
    if (value === undefined) delete next.metadata[field];
    else Object.assign(next.metadata, { [field]: value });
  }
  next.metadata.resourceVersion = current.metadata.resourceVersion ?? '';
  // Components drop these from their caches; that they come back without them means nothing.
  if (!next.metadata.managedFields && current.metadata.managedFields)
    next.metadata.managedFields = current.metadata.managedFields;
};

const validateMetaUpdate = (next: KubeObject, current: KubeObject): FieldError[] => {
  const added = (next.metadata.finalizers ?? []).filter((name) => !current.metadata.finalizers?.includes(name));
  if (current.metadata.deletionTimestamp === undefined || added.length === 0) return [];
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => `"${name}"`).join(', ')}}`;
  return [forbiddenField('metadata.finalizers', detail)];
};

const specOf = (object: KubeObject): unknown => {
  const { metadata: _metadata, status: _status, apiVersion: _apiVersion, kind: _kind, ...rest } = object as WithParts;
  return rest;
};

/** Marked as deleted, with nothing left to wait for. */
export const isFinished = ({ metadata, ...rest }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined &&
  !metadata.finalizers?.length &&
  !metadata.deletionGracePeriodSeconds &&
  !(rest as { spec?: { finalizers?: string[] } }).spec?.finalizers?.length;
