// Server-side apply. managedFields keeps the fields that each manager applied. A field that its manager stops applying
// is removed. A field that another manager applied with another value is a conflict, unless the request forces it.

import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { isRecord } from '../schema/record.ts';
import { fieldOf, type Shape, shapeOf, typeOf } from '../schema/schema.ts';
import { StatusError } from '../status.ts';
import { applyStrategicPatch } from './strategic.ts';

export interface Ownership {
  readonly manager: string;
  readonly resource: Resource;
  readonly subresource: string | undefined;
  readonly force: boolean;
}

interface ManagedFields {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: FieldSet;
  subresource?: string;
}
/** metav1.FieldsV1. `f:name`: a field. `k:{"port":80}`: an item of a list with a merge key. `.`: the value itself. */
interface FieldSet {
  [key: string]: FieldSet;
}

/** The object after the apply. It is `current` itself when the apply changes nothing. @throws StatusError 409 */
export const applyOwnership = (
  ownership: Ownership,
  current: KubeObject | undefined,
  wanted: KubeObject,
): KubeObject => {
  const { resource, manager, subresource } = ownership;
  const token = typeOf(resource);
  const owned = fieldSetOf(shapeOf(token), withoutIdentity(wanted));
  const all = (current?.metadata.managedFields ?? []) as ManagedFields[];
  const mine = all.find(
    (entry) => entry.manager === manager && entry.operation === 'Apply' && entry.subresource === subresource,
  );
  const others = all.filter((entry) => entry !== mine);
  if (current && !ownership.force) refuseConflicts(shapeOf(token), others, { current, wanted, owned });
  const pruned =
    current && mine?.fieldsV1 ? prune(shapeOf(token), current, minus(mine.fieldsV1, owned, others)) : current;
  const merged = applyStrategicPatch(token, pruned ?? {}, wanted) as KubeObject;
  const unchanged = mine !== undefined && isDeepStrictEqual(mine.fieldsV1, owned) && isDeepStrictEqual(merged, current);
  if (unchanged && current) return current;
  const entry: ManagedFields = {
    manager,
    operation: 'Apply',
    apiVersion: apiVersionOf(resource),
    time: timestamp(),
    fieldsType: 'FieldsV1',
    fieldsV1: owned,
    ...(subresource === undefined ? {} : { subresource }),
  };
  const kept = ownership.force
    ? others.map((other) => ({ ...other, fieldsV1: without(other.fieldsV1 ?? {}, owned) }))
    : others;
  return { ...merged, metadata: { ...merged.metadata, managedFields: [entry, ...kept] } };
};

const withoutIdentity = ({ apiVersion: _apiVersion, kind: _kind, metadata, ...rest }: KubeObject) => {
  const {
    name: _name,
    namespace: _namespace,
    managedFields: _managedFields,
    resourceVersion: _version,
    ...meta
  } = metadata;
  return Object.keys(meta).length === 0 ? rest : { metadata: meta, ...rest };
};

const itemKey = (key: string, item: Record<string, unknown>): string => `k:${JSON.stringify({ [key]: item[key] })}`;

const fieldSetOf = (shape: Shape, value: Record<string, unknown>): FieldSet => {
  const set: FieldSet = {};
  for (const [name, entry] of Object.entries(value)) {
    const field = fieldOf(shape, name);
    const inner = shapeOf(field?.token ?? (shape.is === 'map' ? shape.item : 'any'));
    const key = field?.merge?.key;
    if (isRecord(entry)) set[`f:${name}`] = fieldSetOf(inner, entry);
    else if (Array.isArray(entry) && key !== undefined && inner.is === 'list') {
      const item = shapeOf(inner.item);
      const items = entry.filter(isRecord).map((one) => [itemKey(key, one), { '.': {}, ...fieldSetOf(item, one) }]);
      set[`f:${name}`] = Object.fromEntries(items);
    } else set[`f:${name}`] = {};
  }
  return set;
};

/** The fields that were owned before, are not owned now, and have no other owner. */
const minus = (before: FieldSet, now: FieldSet, others: readonly ManagedFields[]): FieldSet => {
  const rest = without(before, now);
  return others.reduce((left, { fieldsV1 }) => without(left, fieldsV1 ?? {}), rest);
};

const isLeaf = (set: FieldSet): boolean => Object.keys(set).every((key) => key === '.');

const without = (set: FieldSet, removed: FieldSet): FieldSet => {
  const result: FieldSet = {};
  for (const [key, inner] of Object.entries(set)) {
    const other = removed[key];
    if (!other) result[key] = inner;
    else if (!isLeaf(inner)) {
      const rest = without(inner, other);
      if (Object.keys(rest).length > 0) result[key] = rest;
    }
  }
  return result;
};

/** A copy without the fields of the set. */
const prune = <T extends object>(shape: Shape, value: T, set: FieldSet): T => {
  const result = { ...value } as Record<string, unknown>;
  for (const [key, inner] of Object.entries(set)) {
    if (!key.startsWith('f:')) continue;
    const name = key.slice(2);
    const field = fieldOf(shape, name);
    const innerShape = shapeOf(field?.token ?? (shape.is === 'map' ? shape.item : 'any'));
    const entry = result[name];
    if (isLeaf(inner) || entry === undefined) delete result[name];
    else if (isRecord(entry)) result[name] = prune(innerShape, entry, inner);
    else if (Array.isArray(entry) && innerShape.is === 'list')
      result[name] = pruneList(innerShape, entry, inner, field?.merge?.key);
  }
  return result as T;
};

const pruneList = (
  shape: Shape & { is: 'list' },
  list: readonly unknown[],
  set: FieldSet,
  key: string | undefined,
): unknown[] =>
  list.flatMap((item) => {
    const inner = key !== undefined && isRecord(item) ? set[itemKey(key, item)] : undefined;
    if (!inner || !isRecord(item)) return [item];
    return inner['.'] ? [] : [prune(shapeOf(shape.item), item, inner)];
  });

interface Change {
  readonly current: KubeObject;
  readonly wanted: KubeObject;
  readonly owned: FieldSet;
}

const refuseConflicts = (shape: Shape, others: readonly ManagedFields[], { current, wanted, owned }: Change): void => {
  for (const { manager, fieldsV1 = {}, operation } of others) {
    if (operation !== 'Apply') continue;
    const fields = conflicts(shape, fieldsV1, { current, wanted, owned }, '');
    if (fields.length === 0) continue;
    const causes = fields.map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${manager}"`,
      field,
    }));
    const what = fields.length === 1 ? '1 conflict' : `${fields.length} conflicts`;
    throw new StatusError(
      409,
      'Conflict',
      `Apply failed with ${what}: conflict with "${manager}": ${fields.join(', ')}`,
      { causes },
    );
  }
};

const conflicts = (
  shape: Shape,
  theirs: FieldSet,
  { current, wanted, owned }: { current: unknown; wanted: unknown; owned: FieldSet },
  path: string,
): string[] =>
  Object.entries(owned).flatMap(([key, inner]) => {
    const other = theirs[key];
    if (!other || !key.startsWith('f:') || !isRecord(current) || !isRecord(wanted)) return [];
    const name = key.slice(2);
    const field = `${path}.${name}`;
    const values = { current: current[name], wanted: wanted[name], owned: inner };
    if (isRecord(values.wanted)) return conflicts(shapeOf(fieldOf(shape, name)?.token ?? 'any'), other, values, field);
    if (Array.isArray(values.wanted) && !isLeaf(inner)) return [];
    return isDeepStrictEqual(values.current, values.wanted) ? [] : [field];
  });
