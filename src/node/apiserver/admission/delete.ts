// Deletes: an object with a finalizer or a grace period is only marked as deleted; any other object is removed at once.
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { definitionOf } from '../resources/all.ts';
import type { AdmissionContext, Definition } from '../resources/definition.ts';
import { conflict, forbidden } from '../status.ts';
import { isFinished } from './object.ts';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
}

export interface Deletion {
  readonly object: KubeObject;
  /** False: the object is only marked as deleted. */
  readonly gone: boolean;
}

/** @throws StatusError 403, 409 */
export const deleteInStore = (
  { store }: Pick<AdmissionContext, 'store'>,
  resource: Resource,
  current: KubeObject,
  options: DeleteOptions,
): Deletion => {
  const definition = definitionOf(resource);
  checkPreconditions(resource, current, options);
  const refusal = definition.refuseDelete?.(current);
  if (refusal !== undefined) throw forbidden(resource, current.metadata.name, refusal);
  const marked = mark(definition, current, options);
  const gone = isFinished(marked);
  if (options.dryRun) return { object: marked, gone };
  // An object that is removed at once was never stored as marked, so watches see the unmarked object.
  const wasMarked = current.metadata.deletionTimestamp !== undefined;
  if (gone) return { object: store.remove(resource, wasMarked ? marked : current), gone };
  return { object: marked === current ? current : store.put(resource, marked), gone };
};

const checkPreconditions = (
  resource: Resource,
  { metadata: { uid, resourceVersion, name } }: KubeObject,
  { preconditions }: DeleteOptions,
): void => {
  const failed = (what: string, wanted: string, found: string | undefined) =>
    conflict(
      resource,
      name,
      `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
    );
  if (preconditions.uid && preconditions.uid !== uid) throw failed('UID', preconditions.uid, uid);
  if (preconditions.resourceVersion && preconditions.resourceVersion !== resourceVersion)
    throw failed('ResourceVersion', preconditions.resourceVersion, resourceVersion);
};

/** The object with its deletion time, its grace period and the finalizers that the propagation policy adds. */
const mark = (definition: Definition, current: KubeObject, options: DeleteOptions): KubeObject => {
  const grace = definition.gracePeriod?.(current, options.gracePeriodSeconds) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds: before = 0 } = current.metadata;
  // A second deletion may only shorten the grace period.
  if (deletionTimestamp !== undefined && grace >= before) return current;
  const finalizers = finalizersOf(current, options);
  const object = structuredClone(current);
  object.metadata.deletionTimestamp = timestamp(Date.now() + grace * 1000);
  object.metadata.deletionGracePeriodSeconds = grace;
  if (finalizers.length > 0) object.metadata.finalizers = finalizers;
  definition.prepareDelete?.(object);
  if (object.metadata.generation !== undefined) object.metadata.generation += 1;
  return object;
};

const policyFinalizers = new Map([
  ['Orphan', 'orphan'],
  ['Foreground', 'foregroundDeletion'],
]);

const finalizersOf = ({ metadata }: KubeObject, { propagationPolicy = '' }: DeleteOptions): string[] => {
  const finalizers = [...(metadata.finalizers ?? [])];
  const extra = policyFinalizers.get(propagationPolicy);
  return extra === undefined || finalizers.includes(extra) ? finalizers : [...finalizers, extra];
};
