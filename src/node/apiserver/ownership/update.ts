// Records who changed which fields by a create, an update, or a patch that is no apply.

import { typeOf } from '../../../api/field-types.ts';
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { type Comparison, compare } from './compare.ts';
import { type FieldSet, isEmpty, without } from './field-set.ts';
import {
  disown,
  isSame,
  type Manager,
  type Owned,
  ownable,
  readManagers,
  withChange,
  writeManagers,
} from './managers.ts';
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
  const managers = managersBefore(before, after);
  const comparison = comparisonOf(resource, before, after, withoutStatus);
  const mine = managers.find((owned) => isSame(owned, manager));
  const others = disown(
    managers.filter((owned) => owned !== mine),
    comparison,
  );
  const entries = writeManagers([...others, withChange(manager, mine, comparison)]);
  if (entries.length === 0) delete after.metadata.managedFields;
  else after.metadata.managedFields = entries;
};

/** A client may set managedFields itself. An empty list resets them. */
const managersBefore = (before: KubeObject | undefined, after: KubeObject): Owned[] =>
  readManagers(after.metadata.managedFields ? after : (before ?? after));

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
