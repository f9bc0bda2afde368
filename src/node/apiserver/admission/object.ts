// The form in which objects are stored, and the test whether a deleted object can be removed.
import type { KubeObject, ObjectMeta } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';

/** The fields in Kubernetes' order, without empty metadata. */
export const ordered = (resource: Resource, object: KubeObject): KubeObject => {
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

/** Marked as deleted, and neither a finalizer nor a grace period holds the object. */
export const isFinished = ({ metadata, ...rest }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined &&
  !metadata.finalizers?.length &&
  !metadata.deletionGracePeriodSeconds &&
  !(rest as { spec?: { finalizers?: string[] } }).spec?.finalizers?.length;
