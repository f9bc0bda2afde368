// From a request's JSON to an object with known fields only, with the errors of Kubernetes' decoder.

import { fieldOf, goType, type Shape, shapeOf } from '../../../api/field-types.ts';
import { canonicalQuantity } from '../../../api/quantity-text.ts';
import { isRecord } from './record.ts';

/** The body can't be an object of this type. The message is in Go's words. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

export interface Decoded {
  readonly object: Record<string, unknown>;
  /** Paths of unknown fields, which the object does not have. */
  readonly unknown: readonly string[];
}

interface Walk {
  readonly unknown: string[];
  /** The struct that has the field, for messages. */
  readonly struct: string;
  /** The path with indices, for messages about unknown fields. */
  readonly path: string;
  /** The path without indices, for messages about wrong types. */
  readonly goPath: string;
}

/** @throws DecodeError on a value of the wrong type */
export const decodeObject = (token: string, value: Record<string, unknown>): Decoded => {
  const unknown: string[] = [];
  const shape = shapeOf(token);
  const object = decodeValue(token, shape, value, { unknown, struct: lastPart(token), path: '', goPath: '' });
  return { object: object as Record<string, unknown>, unknown };
};

const lastPart = (token: string): string => token.slice(token.lastIndexOf('.') + 1);

const decodeValue = (token: string, shape: Shape, value: unknown, walk: Walk): unknown => {
  switch (shape.is) {
    case 'list':
      if (!Array.isArray(value)) throw mismatch(value, token, walk);
      return value.map((item, index) =>
        decodeValue(shape.item, shapeOf(shape.item), item ?? zeroOf(shape.item), {
          ...walk,
          path: `${walk.path}[${index}]`,
        }),
      );
    case 'map':
      return decodeMap(token, shape.item, value, walk);
    case 'struct':
      return decodeStruct(token, shape, value, walk);
    case 'scalar':
      return decodeScalar(token, shape.type, value, walk);
  }
};

/** Go decodes a null inside a list or a map as the type's zero value. */
const zeroOf = (token: string): unknown => {
  const shape = shapeOf(token);
  if (shape.is === 'list') return [];
  if (shape.is !== 'scalar') return {};
  if (shape.type === 'bool') return false;
  if (shape.type === 'Quantity') return '0';
  return /^(int|float)/.test(shape.type) ? 0 : '';
};

const decodeMap = (token: string, item: string, value: unknown, walk: Walk): unknown => {
  if (!isRecord(value)) throw mismatch(value, token, walk);
  const shape = shapeOf(item);
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      decodeValue(item, shape, entry ?? zeroOf(item), {
        ...walk,
        path: `${walk.path}.${key}`,
        goPath: walk.goPath,
      }),
    ]),
  );
};

const decodeStruct = (token: string, shape: Shape, value: unknown, walk: Walk): unknown => {
  if (!isRecord(value)) throw mismatch(value, token, walk);
  const result: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) {
    const path = walk.path === '' ? name : `${walk.path}.${name}`;
    const field = fieldOf(shape, name);
    if (!field) walk.unknown.push(path);
    else if (entry !== null && entry !== undefined) {
      const goPath = walk.goPath === '' ? name : `${walk.goPath}.${name}`;
      result[name] = decodeValue(field.token, shapeOf(field.token), entry, {
        unknown: walk.unknown,
        struct: lastPart(token),
        path,
        goPath,
      });
    }
  }
  return result;
};

const decodeScalar = (token: string, type: string, value: unknown, walk: Walk): unknown => {
  switch (type) {
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, token, walk);
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(value, token, walk);
      return value;
    case 'int':
    case 'int32':
    case 'int64':
    case 'uint8':
      return decodeInteger(token, type, value, walk);
    case 'Quantity':
      return decodeQuantity(value);
    case 'IntOrString':
      if (typeof value === 'string') return value;
      return decodeInteger('int32', 'int32', value, walk);
    case 'Time':
    case 'MicroTime':
      return decodeTime(value, walk);
    case 'bytes':
      return decodeBytes(value, walk);
    default:
      return value;
  }
};

const decodeInteger = (token: string, type: string, value: unknown, walk: Walk): number => {
  if (typeof value !== 'number') throw mismatch(value, token, walk);
  const limit = type === 'int32' ? 2 ** 31 : 2 ** 63;
  if (!Number.isInteger(value) || value >= limit || value < -limit) throw mismatch(value, token, walk, ` ${value}`);
  return value;
};

const decodeQuantity = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?$/.test(text))
    return canonicalQuantity(text);
  throw new DecodeError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
};

const decodeTime = (value: unknown, walk: Walk): string => {
  if (typeof value !== 'string') throw mismatch(value, 'string', walk);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) return value;
  throw new DecodeError(`parsing time "${value}" as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`);
};

const decodeBytes = (value: unknown, walk: Walk): string => {
  if (typeof value !== 'string') throw mismatch(value, 'bytes', walk);
  const wrong = value.search(/[^A-Za-z0-9+/=\r\n]/);
  if (wrong >= 0) throw new DecodeError(`illegal base64 data at input byte ${wrong}`);
  if (value.replace(/[\r\n]/g, '').length % 4 !== 0)
    throw new DecodeError(`illegal base64 data at input byte ${value.length - (value.length % 4)}`);
  return value;
};

const jsonKind = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

const mismatch = (value: unknown, token: string, walk: Walk, detail = ''): DecodeError => {
  const field = walk.goPath === '' ? 'Go value' : `Go struct field ${walk.struct}.${walk.goPath}`;
  return new DecodeError(`json: cannot unmarshal ${jsonKind(value)}${detail} into ${field} of type ${goType(token)}`);
};
