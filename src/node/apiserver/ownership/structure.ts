// How server-side apply sees a value: as a whole, or as parts that different managers can own.

import { type FieldType, fieldOf, type Relation, shapeOf } from '../../../api/field-types.ts';
import { isRecord } from '../schema/record.ts';

/** A part of a value. `step` is its key in a field set. */
export interface Part {
  readonly step: string;
  readonly value: unknown;
  readonly place: Place;
}

/** What is known about a place in an object from the schema. */
export interface Place {
  readonly token: string;
  readonly relation: Relation | undefined;
  /** Go writes the zero value of this field, so it is there although nobody set it. */
  readonly implicit: boolean;
}

export const rootPlace = (token: string): Place => ({ token, relation: undefined, implicit: true });

type Kind = 'leaf' | 'struct' | 'map' | 'set' | 'items';

export const kindOf = ({ token, relation }: Place): Kind => {
  if (relation?.is === 'atomic') return 'leaf';
  const shape = shapeOf(token);
  if (shape.is === 'struct') return 'struct';
  if (shape.is === 'map') return 'map';
  if (shape.is === 'list' && relation?.is === 'set') return 'set';
  return shape.is === 'list' && relation?.is === 'map' ? 'items' : 'leaf';
};

const places = new WeakMap<FieldType, Place>();

const placeOf = (field: FieldType): Place => {
  const known = places.get(field);
  if (known) return known;
  const { token, relation, pointer, required } = field;
  const shape = shapeOf(token);
  const implicit = !pointer && (shape.is === 'struct' || (required && shape.is !== 'scalar'));
  const place = { token, relation, implicit };
  places.set(field, place);
  return place;
};

const unknown: Place = { token: 'any', relation: undefined, implicit: false };

/** The place of a struct's field or of a map's entry. */
export const fieldPlace = ({ token }: Place, name: string): Place => {
  const shape = shapeOf(token);
  if (shape.is === 'map') return { token: shape.item, relation: undefined, implicit: false };
  const field = fieldOf(shape, name);
  return field ? placeOf(field) : unknown;
};

export const itemPlace = ({ token }: Place): Place => {
  const shape = shapeOf(token);
  return shape.is === 'list' ? { token: shape.item, relation: undefined, implicit: false } : unknown;
};

/** The parts of a value. A leaf has none. Of items with the same keys, the last one counts. */
export const partsOf = (place: Place, value: unknown): ReadonlyMap<string, Part> => {
  const kind = kindOf(place);
  if (kind === 'struct' || kind === 'map') return new Map(fieldParts(place, value).map((part) => [part.step, part]));
  const list = Array.isArray(value) && kind !== 'leaf' ? value : [];
  const inner = itemPlace(place);
  const parts = list.map((item) => ({ step: stepOf(place, item), value: item, place: inner }));
  return new Map(parts.map((part) => [part.step, part]));
};

const fieldParts = (place: Place, value: unknown): Part[] =>
  Object.entries(isRecord(value) ? value : {})
    .filter(([, entry]) => entry !== undefined)
    .map(([name, entry]) => ({ step: `f:${name}`, value: entry, place: fieldPlace(place, name) }));

/** The step to an item of a set or of a list with keys. Missing keys have their defaults. */
export const stepOf = ({ relation }: Place, item: unknown): string => {
  if (relation?.is !== 'map') return `v:${JSON.stringify(item)}`;
  const fields = isRecord(item) ? item : {};
  const keys = relation.keys
    .map(({ name, fallback }) => [name, fields[name] ?? fallback] as const)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
};

/** An empty struct, map or list is owned like a single value. */
export const isHollow = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
