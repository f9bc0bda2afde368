// The types of all fields, generated from Kubernetes' Go types by scripts/schema.ts.
// Strict decoding, patches, protobuf and OpenAPI use them.

import fields from './field-types.json' with { type: 'json' };
import type { Resource } from './resources.ts';

/** A field of a struct. */
export interface FieldType {
  /** The type of the field: `[]core.v1.Container`. */
  readonly token: string;
  readonly required: boolean;
  /** The field can be absent, which differs from zero. */
  readonly pointer: boolean;
  /** How a strategic merge patch merges the field. */
  readonly merge: { readonly strategies: readonly string[]; readonly key: string | undefined } | undefined;
  /** Who may own parts of the field in server-side apply. Undefined: structs and maps by field, lists as a whole. */
  readonly relation: Relation | undefined;
  /** The field's number in protobuf. */
  readonly number: number | undefined;
}

/** A list or a map as server-side apply sees it. */
export type Relation =
  | { readonly is: 'atomic' | 'set' }
  /** The items have these keys. A key may have a default. */
  | { readonly is: 'map'; readonly keys: readonly { readonly name: string; readonly fallback: string | undefined }[] };

/** What a token stands for, after aliases are followed. */
export type Shape =
  | { readonly is: 'list'; readonly item: string }
  | { readonly is: 'map'; readonly item: string }
  | { readonly is: 'struct'; readonly name: string; readonly fields: Readonly<Record<string, string>> }
  | { readonly is: 'scalar'; readonly type: string };

const table: Readonly<Record<string, string | Readonly<Record<string, string | undefined>>>> = fields;

/**
 * The type of a kind: `core.v1.Service`, `discovery.v1.EndpointSlice`. Go packages in k8s.io/api have the name of the
 * group up to its first dot.
 */
export const typeOf = ({ group, version = 'v1', kind }: Pick<Resource, 'group' | 'kind'> & { version?: string }) =>
  `${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`;

export const shapeOf = (token: string): Shape => {
  if (token.startsWith('[]')) return { is: 'list', item: token.slice(2) };
  if (token.startsWith('map:')) return { is: 'map', item: token.slice(4) };
  const entry = Object.hasOwn(table, token) ? table[token] : undefined;
  if (entry === undefined) return { is: 'scalar', type: token };
  if (typeof entry === 'string') return shapeOf(entry);
  return { is: 'struct', name: token, fields: entry as Record<string, string> };
};

/** @returns undefined when the struct has no such field */
export const fieldOf = (shape: Shape, name: string): FieldType | undefined => {
  if (shape.is !== 'struct' || name.startsWith('~') || !Object.hasOwn(shape.fields, name)) return undefined;
  return parseField(shape.fields[name] ?? '');
};

const fieldPattern = /^([^!?|@#]+)(!?)(\??)(?:\|([^@#:]+)(?::([^@#]+))?)?(?:@([^#]+))?(?:#(\d+))?$/;

const parsed = new Map<string, FieldType>();

/** Parses an entry of field-types.json, once. scripts/schema.ts describes the format. */
export const parseField = (text: string): FieldType => {
  const known = parsed.get(text);
  if (known) return known;
  const field = parseText(text);
  parsed.set(text, field);
  return field;
};

const parseText = (text: string): FieldType => {
  const [, token = '', required, pointer, strategies, key, relation, number] = fieldPattern.exec(text) ?? [];
  return {
    token,
    required: required === '!',
    pointer: pointer === '?',
    merge: strategies === undefined ? undefined : { strategies: strategies.split(','), key },
    relation: relation === undefined ? undefined : parseRelation(relation),
    number: number === undefined ? undefined : Number(number),
  };
};

const parseRelation = (text: string): Relation => {
  const [is, list = ''] = text.split(':');
  if (is === 'atomic' || is === 'set') return { is };
  const keys = list.split(',').map((key) => {
    const [name = '', fallback] = key.split('=');
    return { name, fallback };
  });
  return { is: 'map', keys };
};

/** A type as Go's messages name it: `v1.ServiceType`, `[]v1.Container`, `map[string]string`, `int32`. */
export const goType = (token: string): string => {
  if (token.startsWith('[]')) return `[]${goType(token.slice(2))}`;
  if (token.startsWith('map:')) return `map[string]${goType(token.slice(4))}`;
  if (token === 'bytes') return '[]uint8';
  const [, version, name] = token.split('.');
  if (token.startsWith('types.')) return token;
  return name === undefined ? token : `${version}.${name}`;
};
