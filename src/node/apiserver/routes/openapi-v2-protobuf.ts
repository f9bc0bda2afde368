// OpenAPI v2 in protobuf, by the field numbers of gnostic's openapi.v2.Document. kubectl reads the document in this
// form.
import type { V2Document } from './openapi-v2.ts';

type Json = Record<string, unknown>;

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
};

/** A length-delimited field. Undefined makes none. */
const field = (number: number, value: Buffer | string | undefined): Buffer => {
  if (value === undefined) return Buffer.alloc(0);
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
};
const text = (number: number, value: unknown): Buffer => field(number, value === undefined ? undefined : String(value));
const texts = (number: number, values: unknown): Buffer[] =>
  ((values ?? []) as unknown[]).map((value) => text(number, value));
/** Entries of a map: messages with the name in field 1 and the value in field 2. */
const named = (number: number, values: unknown, encode: (value: Json) => Buffer): Buffer[] =>
  Object.entries((values ?? {}) as Record<string, Json>).map(([name, value]) =>
    field(number, Buffer.concat([field(1, name), field(2, encode(value))])),
  );
const inner = (number: number, value: unknown, encode: (value: Json) => Buffer): Buffer =>
  field(number, value === undefined ? undefined : encode(value as Json));
/** Fields whose name starts with `x-`, as YAML. */
const extensions = (number: number, object: Json): Buffer[] =>
  named(number, Object.fromEntries(Object.entries(object).filter(([name]) => name.startsWith('x-'))), (value) =>
    text(2, JSON.stringify(value)),
  );

/** A boolean. False makes no field. */
const flag = (number: number, value: unknown): Buffer =>
  value === true ? Buffer.concat([varint(number << 3), varint(1)]) : Buffer.alloc(0);

export const encodeV2 = ({ swagger, info, paths, definitions }: V2Document): Buffer =>
  Buffer.concat([
    text(1, swagger),
    field(2, Buffer.concat([text(1, info.title), text(2, info.version)])),
    field(8, Buffer.concat(named(2, paths, pathItem))),
    field(9, Buffer.concat(named(1, definitions, schema))),
  ]);

/** The fields of a path item. */
const methods: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

const pathItem = (item: Json): Buffer =>
  Buffer.concat([
    ...Object.entries(methods).map(([method, number]) => inner(number, item[method], operation)),
    ...parametersOf(9, item),
  ]);

/** Old kubectl looks here for the parameters of a patch: whether the server validates fields and knows dry runs. */
const operation = (value: Json): Buffer =>
  Buffer.concat([
    text(3, value.description),
    text(5, value.operationId),
    ...texts(6, value.produces),
    ...texts(7, value.consumes),
    ...parametersOf(8, value),
    inner(9, value.responses, (all) =>
      Buffer.concat(named(1, all, ({ description }) => field(1, text(1, description)))),
    ),
    ...extensions(13, value),
  ]);

const parametersOf = (number: number, { parameters = [] }: Json): Buffer[] =>
  (parameters as Json[]).map((value) => field(number, field(1, parameter(value))));

const parameter = (value: Json): Buffer => {
  if (value.in === 'body')
    return field(
      1,
      Buffer.concat([text(2, value.name), text(3, value.in), flag(4, value.required), inner(5, value.schema, schema)]),
    );
  const isQuery = value.in === 'query';
  const content = [flag(1, value.required), text(2, value.in), text(4, value.name), text(isQuery ? 6 : 5, value.type)];
  return field(2, field(isQuery ? 3 : 4, Buffer.concat(content)));
};

const schema = (value: Json): Buffer =>
  Buffer.concat([
    text(1, value.$ref),
    text(2, value.format),
    text(4, value.description),
    ...texts(19, value.required),
    inner(21, value.additionalProperties, (one) => field(1, schema(one))),
    field(22, value.type === undefined ? undefined : text(1, value.type)),
    inner(23, value.items, (one) => field(1, schema(one))),
    inner(25, value.properties, (all) => Buffer.concat(named(1, all, schema))),
    ...extensions(31, value),
  ]);
