// Creates and updates: defaults, admission, validation and allocation, in Kubernetes' order, and then the store.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { typeOf } from '../../../api/field-types.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { namespaces, type Resource } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import type { User } from '../exchange/user.ts';
import { newUnsupportedFields, unsupportedFields } from '../fields/refuse.ts';
import type { Manager } from '../ownership/managers.ts';
import { recordUpdate } from '../ownership/update.ts';
import { definitionOf } from '../resources/all.ts';
import type { AdmissionContext, Definition, Warn } from '../resources/definition.ts';
import type { Subresource } from '../resources/subresources.ts';
import { withoutEmpty } from '../schema/empty.ts';
import { alreadyExists, badRequest, forbidden, invalid, modified, notFound } from '../status.ts';
import type { ObjectKey } from '../store/store.ts';
import { type FieldError, forbiddenField, goValue, invalidValue } from '../validation/field.ts';
import { validateMeta } from '../validation/meta.ts';
import { validateAnnotations, validateLabels } from '../validation/names.ts';
import { immutableProblem } from '../validation/values.ts';
import { copyMeta, keepServerMeta } from './meta.ts';
import { randomSuffix } from './names.ts';
import { isFinished, ordered } from './object.ts';

export interface WriteOptions {
  readonly dryRun?: boolean;
  /** The client that owns what it changes. Undefined for writes of the server and for an apply, which sets owners. */
  readonly manager?: Manager | undefined;
  readonly warn?: Warn | undefined;
  /** Who sends the object. Undefined for writes of the server. */
  readonly user?: User | undefined;
}

type WithParts = KubeObject & { spec?: unknown; status?: unknown };

/** @param given a decoded object, without unknown fields. @throws StatusError */
export const createInStore = (
  context: AdmissionContext,
  resource: Resource,
  given: KubeObject,
  { dryRun = false, manager, warn = () => {}, user }: WriteOptions = {},
): KubeObject => {
  const definition = definitionOf(resource);
  const object = withoutEmpty(typeOf(resource), structuredClone(given));
  prepareMeta(resource, object);
  requireNamespace(context, definition, object);
  definition.setDefaults?.(object);
  if (manager)
    recordUpdate(resource, manager, { before: undefined, after: object, withoutStatus: hasStatus(definition) });
  definition.prepareCreate?.(object, { ...context, user });
  definition.admit?.(object, undefined, { ...context, warn });
  if (definition.countsGenerations) object.metadata.generation = 1;
  refuse(resource, object, [...problemsOf(definition, object), ...(definition.validateCreate?.(object) ?? [])]);
  refuse(resource, object, unsupportedFields(typeOf(resource), object));
  if (context.store.get(resource, object.metadata)) throw alreadyExists(resource, object.metadata.name);
  refuse(resource, object, definition.allocate?.(object, undefined, context) ?? []);
  if (dryRun) return object;
  const created = context.store.put(resource, ordered(resource, object));
  const create = (other: Resource, companion: KubeObject): void => {
    if (!context.store.get(other, companion.metadata)) createInStore(context, other, companion);
  };
  definition.afterCreate?.(created, { ...context, create });
  return created;
};

/** The status is written through a subresource only. */
export const hasStatus = ({ subresources = [] }: Definition): boolean => subresources.includes('status');

const problemsOf = (definition: Definition, object: KubeObject): FieldError[] => [
  ...validateMeta(object, definition.nameProblems),
  ...(definition.validate?.(object) ?? []),
];

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

const requireNamespace = (
  { store }: AdmissionContext,
  { resource, outlivesNamespace }: Definition,
  { metadata }: KubeObject,
): void => {
  if (!resource.namespaced) return;
  const name = metadata.namespace ?? '';
  const namespace = store.get(namespaces, { name });
  if (!namespace) throw notFound(namespaces, name);
  if (namespace.metadata.deletionTimestamp === undefined || outlivesNamespace) return;
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

export interface UpdateOptions extends WriteOptions {
  readonly subresource?: string | undefined;
}

/**
 * Replaces an object, or only its status. An update that changes nothing writes nothing.
 * @param whole may carry a resourceVersion and a uid. They must then equal the stored ones.
 * @throws StatusError
 */
export const updateInStore = (
  context: AdmissionContext,
  resource: Resource,
  whole: KubeObject,
  { dryRun = false, subresource, manager, warn = () => {} }: UpdateOptions = {},
): KubeObject => {
  const given = withoutEmpty(typeOf(resource), whole);
  const current = existing(context, resource, given.metadata);
  checkPreconditions(resource, given, current);
  const definition = definitionOf(resource);
  const next = nextOf(definition, subresource, given, current);
  keepServerMeta(next, current);
  const withoutStatus = hasStatus(definition) && subresource !== 'status';
  if (manager) recordUpdate(resource, manager, { before: current, after: next, withoutStatus });
  if (subresource !== 'status') definition.admit?.(next, current, { ...context, warn });
  refuse(resource, next, problemsOfUpdate(definition, subresource, next, current));
  if (subresource !== 'status') refuse(resource, next, newUnsupportedFields(typeOf(resource), next, current));
  if (subresource === undefined) {
    refuse(resource, next, definition.allocate?.(next, current, context) ?? []);
    if (definition.countsGenerations && !isDeepStrictEqual(specOf(next), specOf(current)))
      next.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }
  if (isDeepStrictEqual(ordered(resource, next), ordered(resource, current))) return current;
  if (dryRun) return next;
  const write = isFinished(next) ? context.store.remove : context.store.put;
  return write(resource, ordered(resource, next));
};

const partOf = ({ parts }: Definition, subresource: string | undefined) => parts?.[subresource as Subresource];

/** The stored object with what the request may change: all of it, its status, or the part behind a subresource. */
const nextOf = (
  definition: Definition,
  subresource: string | undefined,
  given: KubeObject,
  current: KubeObject,
): KubeObject =>
  partOf(definition, subresource)?.take(given, current) ??
  (subresource === 'status' ? withStatus(definition, given, current) : wholeUpdate(definition, given, current));

const problemsOfUpdate = (
  definition: Definition,
  subresource: string | undefined,
  next: KubeObject,
  current: KubeObject,
): FieldError[] => {
  const part = partOf(definition, subresource);
  if (part) return part.validate(next, current);
  if (subresource !== 'status')
    return [
      ...problemsOf(definition, next),
      ...validateFinalizers(next, current),
      ...(definition.validateUpdate?.(next, current) ?? []),
    ];
  const { labels = {}, annotations = {} } = next.metadata;
  return [
    ...validateLabels(labels, 'metadata.labels'),
    ...validateAnnotations(annotations, 'metadata.annotations'),
    ...validateFinalizers(next, current),
    ...(definition.validateStatusUpdate?.(next, current) ?? []),
  ];
};

/** @throws StatusError 404 */
export const existing = ({ store }: Pick<AdmissionContext, 'store'>, resource: Resource, key: ObjectKey) => {
  const current = store.get(resource, key);
  if (!current) throw notFound(resource, key.name);
  return current;
};

/** @throws StatusError when the version or uid that the client gave is not the stored one */
export const checkPreconditions = (resource: Resource, given: KubeObject, current: KubeObject): void => {
  const { resourceVersion, uid, name } = given.metadata;
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) throw modified(resource, name);
  if (uid && uid !== current.metadata.uid) {
    const value = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw invalid(resource, name, [invalidValue('metadata.uid', value, immutableProblem)]);
  }
};

/** A write to the status may also change the metadata, as far as the resource lets it. */
const withStatus = ({ statusKeeps = [] }: Definition, given: KubeObject, current: KubeObject): KubeObject => {
  const next = { ...current, metadata: copyMeta(given) };
  copyStatus(given, next);
  for (const field of statusKeeps) {
    delete next.metadata[field];
    if (current.metadata[field]) Object.assign(next.metadata, { [field]: current.metadata[field] });
  }
  return next;
};

const wholeUpdate = (definition: Definition, given: KubeObject, current: KubeObject): KubeObject => {
  const { metadata: _metadata, ...rest } = given;
  const next: KubeObject = { ...structuredClone(rest), metadata: copyMeta(given) };
  if (hasStatus(definition)) copyStatus(current, next);
  definition.setDefaults?.(next);
  definition.prepareUpdate?.(next, current);
  return next;
};

const copyStatus = ({ status }: WithParts, to: WithParts): void => {
  if (status === undefined) delete to.status;
  else to.status = structuredClone(status);
};

const validateFinalizers = (next: KubeObject, current: KubeObject): FieldError[] => {
  const added = (next.metadata.finalizers ?? []).filter((name) => !current.metadata.finalizers?.includes(name));
  if (current.metadata.deletionTimestamp === undefined || added.length === 0) return [];
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${goValue(added)}`;
  return [forbiddenField('metadata.finalizers', detail)];
};

const specOf = (object: KubeObject): unknown => {
  const { metadata: _metadata, status: _status, apiVersion: _apiVersion, kind: _kind, ...rest } = object as WithParts;
  return rest;
};
