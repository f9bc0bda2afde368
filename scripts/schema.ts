// Generates the API server's schema from Kubernetes' Go types: `node scripts/node.mjs schema.ts FOLDER`, where FOLDER
// holds k8s.io/api and k8s.io/apimachinery. docs/how-to/add-a-resource.md says where to get them.
//
// field-types.json maps a type to its fields, and a field to a token:
//   T, []T, map:T   the type
//   !               the field is required
//   ?               the field is a pointer in Go
//   |strategy:key   how a strategic merge patch merges the field
//   @relation       who may own parts of the field in server-side apply: `atomic` (one owner for all), `set` (one for
//                   each item), `map:port,protocol=TCP` (items with these keys, and the default of a key)
//   #n              the field's number in protobuf
// A field `~n` is a struct that JSON inlines and protobuf nests. The file has only the types that the API's kinds use.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { typeOf } from '../src/api/field-types.ts';
import { allResources } from '../src/api/resources.ts';
import { allReviews } from '../src/node/apiserver/resources/reviews.ts';
import { subresources } from '../src/node/apiserver/resources/subresources.ts';
import { servedVersions } from '../src/node/apiserver/resources/versions.ts';

type Fields = Record<string, string>;

const metaPackage = 'meta.v1';
const special: Record<string, string> = {
  'resource.Quantity': 'Quantity',
  'intstr.IntOrString': 'IntOrString',
  'metav1.Time': 'Time',
  'metav1.MicroTime': 'MicroTime',
  'runtime.RawExtension': 'any',
  'types.UID': 'types.UID',
  'types.NodeName': 'types.NodeName',
  '[]byte': 'bytes',
};
const scalars = new Set(['string', 'bool', 'int', 'int32', 'int64', 'float64', 'uint8']);

/** Type → its fields, or for an alias the other type. */
const types: Record<string, Fields | string> = {
  'types.UID': 'string',
  'types.NodeName': 'string',
};

/** A Go package: its name in tokens (`apps.v1`), and the packages that its source imports, by their alias. */
interface GoPackage {
  readonly name: string;
  readonly imports: ReadonlyMap<string, string>;
}

const tokenOf = (go: string, home: GoPackage): string => {
  const type = go.replace(/^\*/, '');
  if (special[type]) return special[type];
  if (home.name === metaPackage && (type === 'Time' || type === 'MicroTime')) return type;
  if (type.startsWith('[]')) return `[]${tokenOf(type.slice(2), home)}`;
  const map = /^map\[[\w.]+\](.+)$/.exec(type);
  if (map?.[1]) return `map:${tokenOf(map[1], home)}`;
  if (scalars.has(type)) return type;
  const [prefix = '', name] = type.split('.');
  return name === undefined ? `${home.name}.${type}` : `${home.imports.get(prefix) ?? prefix}.${name}`;
};

/** `v1 "k8s.io/api/core/v1"` → `core.v1`. */
const importsOf = (source: string): ReadonlyMap<string, string> => {
  const lines = source.matchAll(/^\t(\w+) "k8s\.io\/(?:api|apimachinery\/pkg\/apis)\/(\w+)\/(v\w+)"$/gm);
  return new Map([...lines].map(([, alias = '', group, version]) => [alias, `${group}.${version}`]));
};

const folderOf = (name: string): string =>
  `${name === metaPackage ? 'apimachinery/pkg/apis' : 'api'}/${name.replace('.', '/')}`;

const read = new Set(['types']);

const readPackage = (root: string, name: string): void => {
  if (read.has(name)) return;
  read.add(name);
  const source = readFileSync(join(root, folderOf(name), 'types.go'), 'utf8');
  const home: GoPackage = { name, imports: importsOf(source) };
  let comments: string[] = [];
  let open: Fields | undefined;
  let struct = '';
  for (const line of source.split('\n')) {
    const comment = /^\s*\/\/ ?(.*)$/.exec(line);
    const start = /^type (\w+) struct \{(\})?$/.exec(line);
    const alias = /^type (\w+) ([\w.[\]]+)$/.exec(line);
    const field = /^\t(?:(\w+) )?\s*([\w.*[\]]+)\s+`json:"([^"]*)"(.*)`/.exec(line);
    if (comment) comments.push(comment[1] ?? '');
    else if (start?.[1]) {
      const fields: Fields = {};
      types[`${name}.${start[1]}`] = fields;
      if (comments.includes('+structType=atomic')) atomicTypes.add(`${name}.${start[1]}`);
      struct = `${name}.${start[1]}`;
      open = start[2] ? undefined : fields;
      comments = [];
    } else if (alias?.[1] && alias[2]) {
      types[`${name}.${alias[1]}`] ??= tokenOf(alias[2], home);
      comments = [];
    } else if (open && field) {
      const [, , type = '', json = '', tags = ''] = field;
      addField(open, { token: tokenOf(type, home), isPointer: type.startsWith('*'), json, tags, comments });
      const value = comments.map((text) => /^\+default="(.*)"$/.exec(text)?.[1]).find((text) => text !== undefined);
      if (value !== undefined) defaults.set(`${struct}.${json.split(',')[0]}`, value);
      comments = [];
    } else if (line === '}') open = undefined;
    else if (line.trim() === '') comments = [];
  }
};

interface GoField {
  readonly token: string;
  readonly isPointer: boolean;
  /** The tag `json`: the name and flags. */
  readonly json: string;
  /** The other tags. */
  readonly tags: string;
  readonly comments: readonly string[];
}

/** Types that have one owner as a whole. */
const atomicTypes = new Set<string>();

/** Type → field → the default that its comments declare. */
const defaults = new Map<string, string>();

const relationOf = (comments: readonly string[]): string => {
  const marks = comments.filter((text) => text.startsWith('+'));
  const list = marks.find((text) => text.startsWith('+listType='))?.slice('+listType='.length);
  const keys = marks.filter((text) => text.startsWith('+listMapKey=')).map((text) => text.slice('+listMapKey='.length));
  if (list === 'map') return `@map:${keys.join(',')}`;
  if (list) return `@${list}`;
  return marks.some((text) => /^\+(mapType|structType)=atomic$/.test(text)) ? '@atomic' : '';
};

const addField = (fields: Fields, { token, isPointer, json, tags, comments }: GoField): void => {
  const [name, ...flags] = json.split(',');
  const number = /protobuf:"\w+,(\d+),/.exec(tags)?.[1];
  if (name === '' && flags.includes('inline')) {
    fields[`...${token}`] = '';
    if (number !== undefined) fields[`~${number}`] = token;
  }
  if (!name || name === '-') return;
  const optional = flags.includes('omitempty') || comments.some((text) => text.startsWith('+optional'));
  const strategy = /patchStrategy:"([^"]+)"/.exec(tags)?.[1];
  const key = /patchMergeKey:"([^"]+)"/.exec(tags)?.[1];
  const marks = (optional ? '' : '!') + (isPointer ? '?' : '');
  const merge = strategy ? `|${strategy}${key ? `:${key}` : ''}` : '';
  fields[name] = token + marks + merge + relationOf(comments) + (number ? `#${number}` : '');
};

/** The field's text with what only the type of its items says: that it is atomic, and defaults of keys. */
const completed = (text: string): string => {
  const type = text.replace(/[!?|@#].*$/, '');
  if (atomicTypes.has(type) && !text.includes('@')) return text.replace(/(#\d+)?$/, '@atomic$1');
  return text.replace(/@map:([^#]+)/, (_all, keys: string) => {
    const item = type.replace(/^\[\]/, '');
    const named = keys.split(',').map((key) => {
      const value = defaults.get(`${item}.${key}`);
      return value === undefined ? key : `${key}=${value}`;
    });
    return `@map:${named.join(',')}`;
  });
};

/** Replaces embedded structs by their fields. */
const inline = (name: string): Fields => {
  const own = types[name];
  if (typeof own !== 'object') throw new Error(`${name} is not a struct`);
  const result: Fields = {};
  for (const [field, token] of Object.entries(own)) {
    if (!field.startsWith('...')) result[field] = token;
    else {
      const embedded = field.slice(3);
      for (const [inner, text] of Object.entries(inline(embedded))) result[inner] = text.replace(/#.*$/, '');
    }
  }
  return result;
};

/** The types of all request and response bodies. Kinds of options are left out, because they come in the query. */
const bodies = (): string[] => {
  const ofSubresources = Object.values(subresources).flatMap((subresource) =>
    'kind' in subresource && !subresource.kind.endsWith('Options') ? [typeOf({ group: '', ...subresource })] : [],
  );
  const served = servedVersions.map(({ resource }) => resource);
  return [...[...allResources, ...served, ...allReviews].map(typeOf), ...ofSubresources, 'meta.v1.DeleteOptions'];
};

/** The wanted types and, recursively, the types of their fields. */
const reach = (root: string, wanted: readonly string[]): Record<string, Fields | string> => {
  const result: Record<string, Fields | string> = {};
  const names = [...wanted];
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    if (result[name] !== undefined) continue;
    readPackage(root, name.slice(0, name.lastIndexOf('.')));
    const own = types[name];
    if (own === undefined) throw new Error(`no type ${name}`);
    const found =
      typeof own === 'string'
        ? own
        : Object.fromEntries(Object.entries(inline(name)).map(([field, text]) => [field, completed(text)]));
    result[name] = found;
    for (const token of typeof found === 'string' ? [found] : Object.values(found)) {
      const type = token.replace(/[!?|@#].*$/, '').replace(/^(\[\]|map:)+/, '');
      if (type.includes('.')) names.push(type);
    }
  }
  return result;
};

/** Fields of versions after v0.32 that labs has. */
const later: Readonly<Record<string, Fields>> = {
  'discovery.v1.EndpointHints': { forNodes: '[]discovery.v1.ForNode@atomic#2' },
  'discovery.v1.ForNode': { name: 'string!#1' },
};

const root = process.argv[2];
if (!root) throw new Error('usage: node scripts/node.mjs schema.ts <folder with k8s.io/api and k8s.io/apimachinery>');
readPackage(root, metaPackage);
// Kubernetes 1.33 made v1 of these types without a change. The packages of 1.32 have only v1beta1.
for (const kind of ['ServiceCIDR', 'IPAddress']) types[`networking.v1.${kind}`] = `networking.v1beta1.${kind}`;
// In Go this type has bytes, but the bytes are JSON.
types['meta.v1.FieldsV1'] = 'any';
const found = reach(root, [...bodies(), 'meta.v1.TypeMeta']);
for (const [name, fields] of Object.entries(later)) found[name] = { ...(found[name] as Fields), ...fields };
const sorted = Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1));
const output = join(import.meta.dirname, '../src/api/field-types.json');
writeFileSync(output, JSON.stringify(Object.fromEntries(sorted)));
execFileSync('biome', ['format', '--write', output], { stdio: 'inherit' });
