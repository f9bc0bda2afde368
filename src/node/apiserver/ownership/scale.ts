// The owners of .spec.replicas, as the subresource scale shows and changes them.
import type { KubeObject } from '../../../api/meta.ts';
import { difference, type FieldSet, intersection, isEmpty, parseFields } from './field-set.ts';
import { type Entry, type Owned, readManagers, writeManagers } from './managers.ts';

const replicas = parseFields({ 'f:spec': { 'f:replicas': {} } });

const ownsReplicas = (fields: FieldSet): boolean => !isEmpty(intersection(fields, replicas));

const isNamedAs = (a: Owned, b: Owned): boolean =>
  a.name === b.name && a.operation === b.operation && a.subresource === b.subresource;

const changedEntry = ({ entry: _entry, ...owned }: Owned, change: Partial<Owned>): Owned => ({ ...owned, ...change });

/** @param apiVersion the version of the Scale */
export const scaleOwners = (parent: KubeObject, apiVersion: string): Entry[] =>
  writeManagers(
    readManagers(parent)
      .filter(({ fields }) => ownsReplicas(fields))
      .map((owned) => changedEntry(owned, { apiVersion, fields: replicas })),
  );

/** The managedFields of the parent after an apply of its Scale. @param apiVersion the version of the parent */
export const parentOwners = (parent: KubeObject, scale: KubeObject, apiVersion: string): Entry[] => {
  const owners = readManagers(scale).filter(({ fields }) => ownsReplicas(fields));
  const before = readManagers(parent);
  const kept = before.map((owned) =>
    !ownsReplicas(owned.fields) || owners.some((owner) => isNamedAs(owner, owned))
      ? owned
      : changedEntry(owned, { fields: difference(owned.fields, replicas) }),
  );
  const added = owners
    .filter((owner) => !before.some((owned) => ownsReplicas(owned.fields) && isNamedAs(owner, owned)))
    .map((owner) => changedEntry(owner, { apiVersion, fields: replicas }));
  return writeManagers([...kept, ...added]);
};
