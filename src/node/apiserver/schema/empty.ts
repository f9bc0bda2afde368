// Leaves out what Go leaves out when it writes an object: `env: []`, `hostname: ""`, `hostNetwork: false`. Otherwise an
// update that only spells a missing field out would count as a change.

import { type FieldType, fieldOf, type Shape, shapeOf } from '../../../api/field-types.ts';
import { isRecord } from './record.ts';

/** @param token the type of the value: `core.v1.Pod`. @returns a copy, or the value itself if it has no fields */
export const withoutEmpty = <T>(token: string, value: T): T => copy(shapeOf(token), value) as T;

const copy = (shape: Shape, value: unknown): unknown => {
  if (shape.is === 'list' && Array.isArray(value)) {
    const item = shapeOf(shape.item);
    return item.is === 'scalar' ? value : value.map((entry) => copy(item, entry));
  }
  if (!isRecord(value)) return value;
  if (shape.is === 'map') {
    const item = shapeOf(shape.item);
    return item.is === 'scalar' ? value : mapValues(value, (entry) => copy(item, entry));
  }
  return shape.is === 'struct' ? copyStruct(shape, value) : value;
};

const mapValues = (record: Record<string, unknown>, change: (entry: unknown) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, entry]) => [key, change(entry)]));

const copyStruct = (shape: Shape & { is: 'struct' }, value: Record<string, unknown>): Record<string, unknown> => {
  const result: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) {
    const field = fieldOf(shape, name);
    // An empty list of owners removes all owners.
    if (!field || name === 'managedFields') result[name] = entry;
    else if (!isLeftOut(field, entry)) result[name] = copy(shapeOf(field.token), entry);
  }
  return result;
};

/** In Go, a pointer to an empty value is not empty, and neither is a struct. */
const isLeftOut = ({ token, pointer, required }: FieldType, value: unknown): boolean => {
  if (pointer || required) return false;
  const shape = shapeOf(token);
  if (shape.is === 'list') return Array.isArray(value) && value.length === 0;
  if (shape.is === 'map') return isRecord(value) && Object.keys(value).length === 0;
  if (shape.is === 'struct' || shape.type === 'IntOrString' || shape.type === 'any') return false;
  return value === '' || value === 0 || value === false;
};
