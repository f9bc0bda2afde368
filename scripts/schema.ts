// Makes the API server's schema from Kubernetes' own Go types: `node scripts/schema.ts <folder with k8s.io/{api,apimachinery}>`.
// Debian's golang-k8s-api-dev and golang-k8s-apimachinery-dev have them under usr/share/gocode/src/k8s.io.
// fields.json: type → field → token, where a token is `T`, `[]T` or `map:T`, `!` when required, `?` when Go has a pointer, `|strategy:key` for
// strategic merge, `#n` the field's number on the wire (protobuf); a key `~n` is a struct that JSON inlines and protobuf
// nests. Only what our resources reach is kept; what `kubectl explain` says is written by hand, in schema/explanations.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allResources } from '../src/api/resources.ts';

type Fields = Record<string, string>;
const packages: Record<string, { folder: string; imports: Record<string, string> }> = {
  'core.v1': { folder: 'api/core/v1', imports: {} },
  'apps.v1': { folder: 'api/apps/v1', imports: { v1: 'core.v1' } },
  'discovery.v1': { folder: 'api/discovery/v1', imports: { v1: 'core.v1' } },
  'coordination.v1': { folder: 'api/coordination/v1', imports: {} },
  'autoscaling.v1': { folder: 'api/autoscaling/v1', imports: { v1: 'core.v1' } },
  'policy.v1': { folder: 'api/policy/v1', imports: {} },
  'authorization.v1': { folder: 'api/authorization/v1', imports: {} },
  'authentication.v1': { folder: 'api/authentication/v1', imports: {} },
  'meta.v1': { folder: 'apimachinery/pkg/apis/meta/v1', imports: {} },
};
const groups: Record<string, string> = {
  '': 'core.v1',
  apps: 'apps.v1',
  'discovery.k8s.io': 'discovery.v1',
  'coordination.k8s.io': 'coordination.v1',
};
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

const fields: Record<string, Fields | string> = {
  'types.UID': 'string',
  'types.NodeName': 'string',
};

const tokenOf = (go: string, home: string): string => {
  const type = go.replace(/^\*/, '');
  if (special[type]) return special[type];
  if (home === 'meta.v1' && (type === 'Time' || type === 'MicroTime')) return type;
  if (type.startsWith('[]')) return `[]${tokenOf(type.slice(2), home)}`;
  const map = /^map\[[\w.]+\](.+)$/.exec(type);
  if (map?.[1]) return `map:${tokenOf(map[1], home)}`;
  if (scalars.has(type)) return type;
  const [prefix = '', name] = type.split('.');
  if (name === undefined) return `${home}.${type}`;
  if (prefix === 'metav1') return `meta.v1.${name}`;
  return `${packages[home]?.imports[prefix] ?? prefix}.${name}`;
};

const readPackage = (root: string, home: string, folder: string): void => {
  const source = readFileSync(join(root, folder, 'types.go'), 'utf8');
  let comments: string[] = [];
  let open: { name: string; fields: Fields } | undefined;
  for (const line of source.split('\n')) {
    const comment = /^\s*\/\/ ?(.*)$/.exec(line);
    const start = /^type (\w+) struct \{(\})?$/.exec(line);
    const alias = /^type (\w+) ([\w.[\]]+)$/.exec(line);
    const field = /^\t(?:(\w+) )?\s*([\w.*[\]]+)\s+`json:"([^"]*)"(.*)`/.exec(line);
    if (comment) comments.push(comment[1] ?? '');
    else if (start?.[1]) {
      open = { name: `${home}.${start[1]}`, fields: {} };
      fields[open.name] = open.fields;
      comments = [];
      if (start[2]) open = undefined;
    } else if (alias?.[1] && alias[2]) {
      fields[`${home}.${alias[1]}`] ??= tokenOf(alias[2], home);
      comments = [];
    } else if (open && field) {
      const [, , type = '', json = '', tags = ''] = field;
      const [name, ...flags] = json.split(',');
      const number = /protobuf:"\w+,(\d+),/.exec(tags)?.[1];
      if (name === '' && flags.includes('inline')) {
        open.fields[`...${tokenOf(type, home)}`] = '';
        if (number !== undefined) open.fields[`~${number}`] = tokenOf(type, home);
      }
      if (name && name !== '-') {
        const optional = flags.includes('omitempty') || comments.some((text) => text.startsWith('+optional'));
        const strategy = /patchStrategy:"([^"]+)"/.exec(tags)?.[1];
        const key = /patchMergeKey:"([^"]+)"/.exec(tags)?.[1];
        const marks = (optional ? '' : '!') + (type.startsWith('*') ? '?' : '');
        const merge = strategy ? `|${strategy}${key ? `:${key}` : ''}` : '';
        open.fields[name] = tokenOf(type, home) + marks + merge + (number ? `#${number}` : '');
      }
      comments = [];
    } else if (line === '}') open = undefined;
    else if (line.trim() === '') comments = [];
  }
};

const typeMeta = 'meta.v1.TypeMeta';
/** Puts the fields of embedded structs in place. */
const inline = (name: string): Fields => {
  const own = fields[name];
  if (typeof own !== 'object') throw new Error(`${name} is no struct`);
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

const root = process.argv[2];
if (!root) throw new Error('usage: node scripts/schema.ts <folder with k8s.io/api and k8s.io/apimachinery>');
for (const [home, { folder }] of Object.entries(packages)) readPackage(root, home, folder);
// Its bytes are JSON: it has no fields of its own.
fields['meta.v1.FieldsV1'] = 'any';

const wanted = [
  ...allResources.map(({ group, kind }) => `${groups[group]}.${kind}`),
  'autoscaling.v1.Scale',
  'core.v1.Binding',
  'policy.v1.Eviction',
  'authorization.v1.SelfSubjectAccessReview',
  'authentication.v1.SelfSubjectReview',
  'meta.v1.DeleteOptions',
  typeMeta,
];
const outFields: Record<string, Fields | string> = {};
for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
  if (outFields[name] !== undefined) continue;
  const own = fields[name];
  if (own === undefined) throw new Error(`no type ${name}`);
  outFields[name] = typeof own === 'string' ? own : inline(name);
  const tokens = typeof own === 'string' ? [own] : Object.values(outFields[name] as Fields);
  for (const token of tokens) {
    const type = token.replace(/[!?|#].*$/, '').replace(/^(\[\]|map:)+/, '');
    if (type.includes('.')) wanted.push(type);
  }
}
const sorted = <T>(record: Record<string, T>) =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
const write = (file: string, value: object) => {
  const path = join(import.meta.dirname, '../src/node/apiserver/schema', file);
  const lines = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}: ${JSON.stringify(entry)}`);
  writeFileSync(path, `{\n${lines.join(',\n')}\n}\n`);
};
write('fields.json', sorted(outFields));
