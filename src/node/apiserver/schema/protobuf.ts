// Decodes Kubernetes' protobuf into the JSON of the same object, by the field numbers of the schema.
// kubectl's typed commands send protobuf: `create deployment`, `create service`, …
import { parseField, shapeOf, typeOf } from '../../../api/field-types.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

/** The body is not protobuf, or has an unknown type. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

type Json = Record<string, unknown>;

/** Reads the envelope (`k8s\0`, then runtime.Unknown) and the object inside. @throws ProtobufError */
export const decodeProtobuf = (body: Buffer): Json => {
  if (body.length < 4 || body.toString('latin1', 0, 4) !== 'k8s\0')
    throw new ProtobufError('provided data does not appear to be a protobuf message');
  let typeMeta: Buffer | undefined;
  let raw: Buffer = Buffer.alloc(0);
  for (const { number, bytes } of fieldsOf(body.subarray(4))) {
    if (number === 1) typeMeta = bytes;
    if (number === 2 && bytes) raw = bytes;
  }
  const strings = new Map(
    fieldsOf(typeMeta ?? Buffer.alloc(0)).map(({ number, bytes }) => [number, bytes?.toString() ?? '']),
  );
  const apiVersion = strings.get(1) ?? '';
  const kind = strings.get(2) ?? '';
  return { apiVersion, kind, ...decodeMessage(tokenFor(apiVersion, kind), raw) };
};

const tokenFor = (apiVersion: string, kind: string): string => {
  // DeleteOptions carry the apiVersion of the resource to delete.
  if (kind === 'DeleteOptions') return 'meta.v1.DeleteOptions';
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const token = typeOf({ group, version, kind });
  if (shapeOf(token).is !== 'struct')
    throw new ProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return token;
};

interface WireField {
  readonly number: number;
  /** The content of a length-delimited field. */
  readonly bytes: Buffer | undefined;
  /** The value of any other field. */
  readonly value: bigint;
}

const fieldsOf = (buffer: Buffer): WireField[] => {
  const fields: WireField[] = [];
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = buffer[offset];
      if (byte === undefined) break;
      offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('unexpected end of the message');
  };
  while (offset < buffer.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >>> 3, tag & 7];
    if (wire === 0) fields.push({ number, bytes: undefined, value: varint() });
    else if (wire === 2) {
      const length = Number(varint());
      if (offset + length > buffer.length) throw new ProtobufError('unexpected end of the message');
      fields.push({ number, bytes: buffer.subarray(offset, offset + length), value: 0n });
      offset += length;
    } else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      if (offset + size > buffer.length) throw new ProtobufError('unexpected end of the message');
      fields.push({
        number,
        bytes: undefined,
        value: wire === 1 ? buffer.readBigUInt64LE(offset) : BigInt(buffer.readUInt32LE(offset)),
      });
      offset += size;
    } else throw new ProtobufError(`unknown wire type ${wire}`);
  }
  return fields;
};

interface NumberedField {
  readonly name: string;
  readonly token: string;
  readonly pointer: boolean;
  /** A struct that protobuf nests and JSON inlines. */
  readonly inline: boolean;
}

const numberings = new Map<string, ReadonlyMap<number, NumberedField>>();

const numberingOf = (token: string): ReadonlyMap<number, NumberedField> => {
  const known = numberings.get(token);
  if (known) return known;
  const shape = shapeOf(token);
  const numbering = new Map<number, NumberedField>();
  for (const [name, text] of shape.is === 'struct' ? Object.entries(shape.fields) : []) {
    const { token: type, pointer, number } = parseField(text);
    if (name.startsWith('~')) numbering.set(Number(name.slice(1)), { name, token: type, pointer, inline: true });
    else if (number !== undefined) numbering.set(number, { name, token: type, pointer, inline: false });
  }
  numberings.set(token, numbering);
  return numbering;
};

const decodeMessage = (token: string, buffer: Buffer): Json => {
  const numbering = numberingOf(token);
  const result: Json = {};
  for (const wire of fieldsOf(buffer)) {
    const field = numbering.get(wire.number);
    if (!field) continue;
    if (field.inline) Object.assign(result, decodeMessage(field.token, wire.bytes ?? Buffer.alloc(0)));
    else decodeField(result, field, wire);
  }
  return result;
};

const decodeField = (result: Json, { name, token, pointer }: NumberedField, wire: WireField): void => {
  const shape = shapeOf(token);
  if (shape.is === 'list') {
    result[name] = [...((result[name] as unknown[]) ?? []), decodeSingle(shape.item, wire)];
  } else if (shape.is === 'map') {
    const entry = new Map(fieldsOf(wire.bytes ?? Buffer.alloc(0)).map((field) => [field.number, field]));
    const value = entry.get(2) ?? { number: 2, bytes: Buffer.alloc(0), value: 0n };
    const key = entry.get(1)?.bytes?.toString() ?? '';
    result[name] = { ...((result[name] as Json) ?? {}), [key]: decodeSingle(shape.item, value) };
  } else {
    const value = decodeSingle(token, wire);
    // Go's protobuf encoder writes the zero values of fields that are not pointers. JSON leaves them out.
    if (pointer || !isZero(value)) result[name] = value;
  }
};

const isZero = (value: unknown): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  value === null ||
  (typeof value === 'object' && !Array.isArray(value) && Object.keys(value as object).length === 0);

const decodeSingle = (token: string, { bytes, value }: WireField): unknown => {
  const shape = shapeOf(token);
  if (shape.is === 'struct') return decodeMessage(token, bytes ?? Buffer.alloc(0));
  if (shape.is !== 'scalar') throw new ProtobufError(`${token} can't be nested`);
  switch (shape.type) {
    case 'bool':
      return value !== 0n;
    case 'int':
    case 'int32':
    case 'int64':
      return Number(BigInt.asIntN(64, value));
    case 'bytes':
      return (bytes ?? Buffer.alloc(0)).toString('base64');
    case 'Quantity':
      return firstString(bytes);
    case 'IntOrString':
      return intOrString(bytes);
    case 'Time':
    case 'MicroTime':
      return time(bytes, shape.type);
    case 'any':
      return {};
    default:
      return bytes?.toString() ?? '';
  }
};

const firstString = (bytes: Buffer = Buffer.alloc(0)): string =>
  fieldsOf(bytes)
    .find(({ number }) => number === 1)
    ?.bytes?.toString() ?? '';

/** From `{type, intVal, strVal}`. */
const intOrString = (bytes: Buffer = Buffer.alloc(0)): number | string => {
  const fields = new Map(fieldsOf(bytes).map((field) => [field.number, field]));
  if (fields.get(1)?.value === 1n) return fields.get(3)?.bytes?.toString() ?? '';
  return Number(BigInt.asIntN(64, fields.get(2)?.value ?? 0n));
};

/** From `{seconds, nanos}`. Null for the zero time. */
const time = (bytes: Buffer = Buffer.alloc(0), type: 'Time' | 'MicroTime'): string | null => {
  const fields = new Map(fieldsOf(bytes).map(({ number, value }) => [number, Number(BigInt.asIntN(64, value))]));
  const seconds = fields.get(1);
  if (seconds === undefined || seconds <= 0) return null;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  const micros = String(Math.trunc((fields.get(2) ?? 0) / 1000)).padStart(6, '0');
  return type === 'Time' ? `${whole}Z` : `${whole}.${micros}Z`;
};
