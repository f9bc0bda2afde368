// The types of all fields, from Kubernetes' own Go types (scripts/schema.ts): for strict decoding, strategic merge, OpenAPI.
import type { Resource } from '../../../api/resources.ts';
import fields from './fields.json' with { type: 'json' };

/** A field's type: `[]core.v1.Container`, required or not, and how a strategic merge patch treats it. */
export interface FieldType {
  readonly token: string;
  readonly required: boolean;
  /** Absent and zero are different things. */
  readonly pointer: boolean;
  readonly merge: { readonly strategies: readonly string[]; readonly key: string | undefined } | undefined;
  /** On the wire (protobuf). */
  readonly number: number | undefined;
}

/** What a token stands for once aliases are followed. */
export type Shape =
  | { readonly is: 'list'; readonly item: string }
  | { readonly is: 'map'; readonly item: string }
  | { readonly is: 'struct'; readonly name: string; readonly fields: Readonly<Record<string, string>> }
  | { readonly is: 'scalar'; readonly type: string };

const table: Readonly<Record<string, string | Readonly<Record<string, string | undefined>>>> = fields;

const packages: Readonly<Record<string, string>> = {
  '': 'core.v1',
  apps: 'apps.v1',
  'discovery.k8s.io': 'discovery.v1',
  'coordination.k8s.io': 'coordination.v1',
  autoscaling: 'autoscaling.v1',
  policy: 'policy.v1',
  'authorization.k8s.io': 'authorization.v1',
  'authentication.k8s.io': 'authentication.v1',
};

/** `core.v1.Service` */
export const typeOf = ({ group, kind }: Pick<Resource, 'group' | 'kind'>): string =>
  `${packages[group] ?? group}.${kind}`;

export const shapeOf = (token: string): Shape => {
  if (token.startsWith('[]')) return { is: 'list', item: token.slice(2) };
  if (token.startsWith('map:')) return { is: 'map', item: token.slice(4) };
  const entry = Object.hasOwn(table, token) ? table[token] : undefined;
  if (entry === undefined) return { is: 'scalar', type: token };
  if (typeof entry === 'string') return shapeOf(entry);
  return { is: 'struct', name: token, fields: entry as Record<string, string> };
};

/** The type of a struct's field, or undefined when there is no such field. */
export const fieldOf = (shape: Shape, name: string): FieldType | undefined => {
  if (shape.is !== 'struct' || name.startsWith('~') || !Object.hasOwn(shape.fields, name)) return undefined;
  return parseField(shape.fields[name] ?? '');
};

const fieldPattern = /^([^!?|#]+)(!?)(\??)(?:\|([^#:]+)(?::([^#]+))?)?(?:#(\d+))?$/;

export const parseField = (text: string): FieldType => {
  const [, token = '', required, pointer, strategies, key, number] = fieldPattern.exec(text) ?? [];
  return {
    token,
    required: required === '!',
    pointer: pointer === '?',
    merge: strategies === undefined ? undefined : { strategies: strategies.split(','), key },
    number: number === undefined ? undefined : Number(number),
  };
};

/** As Go names a type in its messages: `v1.ServiceType`, `[]v1.Container`, `map[string]string`, `int32`. */
export const goType = (token: string): string => {
  if (token.startsWith('[]')) return `[]${goType(token.slice(2))}`;
  if (token.startsWith('map:')) return `map[string]${goType(token.slice(4))}`;
  if (token === 'bytes') return '[]uint8';
  const [, version, name] = token.split('.');
  if (token.startsWith('types.')) return token;
  return name === undefined ? token : `${version}.${name}`;
};
