// Records who changed which fields by a create, an update, or a patch that is no apply.
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { typeOf } from '../schema/schema.ts';
import { type Comparison, changed, compare } from './compare.ts';
import { difference, emptySet, type FieldSet, isEmpty, union, without } from './field-set.ts';
import { disown, isSame, type Manager, ownable, readManagers, withFields, writeManagers } from './managers.ts';
import { rootPlace } from './structure.ts';

export interface Change {
  /** Undefined for a new object. */
  readonly before: KubeObject | undefined;
  readonly after: KubeObject;
  /** The status is written through a subresource only, so this write does not own it. */
  readonly withoutStatus: boolean;
}

/** Sets the managedFields of `after`. */
export const recordUpdate = (resource: Resource, manager: Manager, { before, after, withoutStatus }: Change): void => {
  // A client may set managedFields itself. An empty list resets them.
  const given = after.metadata.managedFields?.length ? after : (before ?? after);
  const isReset = after.metadata.managedFields !== undefined && after.metadata.managedFields.length === 0;
  const managers = isReset ? [] : readManagers(given);
  const comparison = comparisonOf(resource, before, after, withoutStatus);
  const mine = managers.find((owned) => isSame(owned, manager));
  const others = disown(
    managers.filter((owned) => owned !== mine),
    comparison,
  );
  const fields = union(difference(mine?.fields ?? emptySet, comparison.removed), changed(comparison));
  const entries = writeManagers([...others, withFields(manager, mine, ownable(fields))]);
  if (entries.length === 0) delete after.metadata.managedFields;
  else if (!isDeepStrictEqual(entries, before?.metadata.managedFields)) after.metadata.managedFields = entries;
  else after.metadata.managedFields = before?.metadata.managedFields ?? [];
};

const comparisonOf = (
  resource: Resource,
  before: KubeObject | undefined,
  after: KubeObject,
  withoutStatus: boolean,
): Comparison => {
  const result = compare(rootPlace(typeOf(resource)), before ?? {}, after);
  const trim = (set: FieldSet): FieldSet =>
    isEmpty(set) ? set : ownable(withoutStatus ? without(set, ['f:status']) : set);
  return { added: trim(result.added), modified: trim(result.modified), removed: trim(result.removed) };
};
