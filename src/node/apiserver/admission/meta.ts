// The metadata of an update: what the client sent, and what only the server sets.
import type { KubeObject, ObjectMeta } from '../../../api/meta.ts';

/** The entries of managedFields never change and are large, so all copies share them. */
export const copyMeta = ({ metadata }: KubeObject): ObjectMeta => {
  const { managedFields, ...rest } = metadata;
  return managedFields ? { ...structuredClone(rest), managedFields } : structuredClone(rest);
};

const serverFields = [
  'uid',
  'creationTimestamp',
  'generateName',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
] as const;

/** Keeps the metadata that only the server sets. */
export const keepServerMeta = (next: KubeObject, current: KubeObject): void => {
  for (const field of serverFields) {
    const value = current.metadata[field];
    if (value === undefined) delete next.metadata[field];
    else Object.assign(next.metadata, { [field]: value });
  }
  next.metadata.resourceVersion = current.metadata.resourceVersion ?? '';
  const { managedFields } = current.metadata;
  // Components drop managedFields from their caches, so an update without them does not remove them.
  if (managedFields && hasOwners(next, managedFields)) next.metadata.managedFields = managedFields;
};

/** Most clients send the stored owners back. Comparing them as text is much faster than field by field. */
const hasOwners = ({ metadata }: KubeObject, stored: readonly unknown[]): boolean =>
  !metadata.managedFields || JSON.stringify(metadata.managedFields) === JSON.stringify(stored);
