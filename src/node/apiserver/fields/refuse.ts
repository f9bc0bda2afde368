// Refuses values of fields that labs does not support, so that no field is accepted and then ignored.
import { isDeepStrictEqual } from 'node:util';
import { parseField, type Shape, shapeOf } from '../../../api/field-types.ts';
import { isRecord } from '../schema/record.ts';
import { type FieldError, forbiddenField } from '../validation/field.ts';
import { structOf } from './reach.ts';
import type { Support } from './support.ts';
import { fieldTable } from './table.ts';

/** @param token the type of the object: `core.v1.Pod` */
export const unsupportedFields = (token: string, object: unknown): FieldError[] => walk(token, object, '');

/** An old object may keep the unsupported values that it has, so that it can still be changed. */
export const newUnsupportedFields = (token: string, next: unknown, current: unknown): FieldError[] => {
  const after = unsupportedFields(token, next);
  if (after.length === 0) return after;
  const before = unsupportedFields(token, current);
  return after.filter((error) => !before.some((old) => isDeepStrictEqual(old, error)));
};

const walk = (token: string, value: unknown, path: string): FieldError[] => {
  if (!mayRefuse(token)) return [];
  const shape = shapeOf(token);
  if (shape.is === 'list' && Array.isArray(value))
    return value.flatMap((item, index) => walk(shape.item, item, `${path}[${index}]`));
  if (!isRecord(value)) return [];
  if (shape.is === 'map')
    return Object.entries(value).flatMap(([key, item]) => walk(shape.item, item, `${path}[${key}]`));
  return shape.is === 'struct' ? walkStruct(shape, value, path) : [];
};

const walkStruct = (shape: Shape & { is: 'struct' }, value: Record<string, unknown>, path: string): FieldError[] =>
  Object.entries(value).flatMap(([name, entry]) => {
    const support = fieldTable[shape.name]?.[name];
    const text = shape.fields[name];
    if (support === undefined || text === undefined) return [];
    const at = path === '' ? name : `${path}.${name}`;
    if (support.is === 'honoured') return walk(parseField(text).token, entry, at);
    return support.is === 'refused' && !isHarmless(entry, support) ? [forbiddenField(at, sentence(name, support))] : [];
  });

type Refusal = Support & { is: 'refused' };

/** An empty list or an empty text says nothing. An empty struct may: `emptyDir: {}` is a volume. */
const isHarmless = (value: unknown, { accepts }: Refusal): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  accepts.some((accepted) => isDeepStrictEqual(accepted, value));

const sentence = (name: string, { why, accepts }: Refusal): string => {
  const values = accepts.filter((value) => !isRecord(value)).map((value) => JSON.stringify(value));
  return values.length === 0
    ? `labs does not support ${name}: ${why}`
    : `labs supports no other value of ${name} than ${values.join(' and ')}: ${why}`;
};

const known = new Map<string, boolean>();

/** Whether the table refuses a field of the type or of a type inside it. */
const mayRefuse = (token: string): boolean => {
  const shape = structOf(token);
  if (!shape) return false;
  const answer = known.get(shape.name);
  if (answer !== undefined) return answer;
  // A type may contain itself. The search goes around the circle once.
  known.set(shape.name, false);
  const result = Object.entries(fieldTable[shape.name] ?? {}).some(
    ([name, support]) =>
      support.is === 'refused' || (support.is === 'honoured' && mayRefuse(parseField(shape.fields[name] ?? '').token)),
  );
  known.set(shape.name, result);
  return result;
};
