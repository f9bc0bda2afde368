// Merges an applied configuration into the stored object, and removes fields from an object.
import { isRecord } from '../schema/record.ts';
import { difference, type FieldSet, fieldSet, isEmpty } from './field-set.ts';
import { fieldPlace, itemPlace, kindOf, type Place, partsOf, stepOf } from './structure.ts';

/** The stored value with the configuration's values on top. */
export const mergeApplied = (place: Place, stored: unknown, applied: unknown): unknown => {
  if (applied === undefined) return stored;
  if (stored === undefined) return applied;
  switch (kindOf(place)) {
    case 'struct':
    case 'map':
      return isRecord(stored) && isRecord(applied) ? mergeFields(place, stored, applied) : applied;
    case 'set':
    case 'items':
      return Array.isArray(stored) && Array.isArray(applied) ? mergeItems(place, stored, applied) : applied;
    default:
      return applied;
  }
};

const mergeFields = (place: Place, stored: Record<string, unknown>, applied: Record<string, unknown>) => {
  const result = { ...stored };
  for (const [name, value] of Object.entries(applied))
    result[name] = mergeApplied(fieldPlace(place, name), stored[name], value);
  return result;
};

/** Items of the configuration keep their order. Other items stay behind the item that they follow in the store. */
const mergeItems = (place: Place, stored: readonly unknown[], applied: readonly unknown[]): unknown[] => {
  const old = partsOf(place, stored);
  const wanted = partsOf(place, applied);
  const inner = itemPlace(place);
  const result: unknown[] = [];
  let next = 0;
  const keepUnmentioned = (): void => {
    for (; next < stored.length; next += 1) {
      if (wanted.has(stepOf(place, stored[next]))) return;
      result.push(stored[next]);
    }
  };
  for (const [step, { value }] of wanted) {
    keepUnmentioned();
    const before = old.get(step);
    result.push(before ? mergeApplied(inner, before.value, value) : value);
    if (next < stored.length && stepOf(place, stored[next]) === step) next += 1;
  }
  for (; next < stored.length; next += 1) if (!wanted.has(stepOf(place, stored[next]))) result.push(stored[next]);
  return result;
};

/**
 * Removes from the merged object what its manager applied before and nobody owns now.
 * @param last what the manager applied before. @param owned the fields of all managers, with what is applied now
 */
export const prune = (place: Place, merged: unknown, last: FieldSet, owned: FieldSet): unknown =>
  removeFields(place, merged, difference(withParents(place, last), withParents(place, owned)));

/** A field of a struct belongs to the owners of its fields. */
const withParents = (place: Place, set: FieldSet): FieldSet => {
  const isStruct = kindOf(place) === 'struct';
  return fieldSet(
    set.self,
    [...set.steps].map(([step, inner]) => {
      const innerPlace = step.startsWith('f:') ? fieldPlace(place, step.slice(2)) : itemPlace(place);
      const full = withParents(innerPlace, inner);
      return [step, isStruct && !isEmpty(full) ? { ...full, self: true } : full];
    }),
  );
};

const removeFields = (place: Place, value: unknown, set: FieldSet): unknown => {
  if (set.steps.size === 0) return value;
  if (isRecord(value)) {
    const entries = [...partsOf(place, value).values()].flatMap(({ step, value: inner, place: innerPlace }) => {
      const removed = set.steps.get(step);
      if (!removed) return [[step.slice(2), inner]];
      return removed.self ? [] : [[step.slice(2), removeFields(innerPlace, inner, removed)]];
    });
    return Object.fromEntries(entries);
  }
  if (!Array.isArray(value)) return value;
  return value.flatMap((item) => {
    const removed = set.steps.get(stepOf(place, item));
    if (!removed) return [item];
    return removed.self ? [] : [removeFields(itemPlace(place), item, removed)];
  });
};
