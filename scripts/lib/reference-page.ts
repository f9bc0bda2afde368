// The page of all fields of lab.yaml, from its JSON Schema: docs/authoring/reference.md.
import { stringify } from 'yaml';

/** What this page reads of a JSON Schema. */
export interface Shape {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly additionalProperties?: Shape | boolean;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

const intro = `# Reference of lab.yaml

This page is generated from the schema of lab.yaml: \`node scripts/node.mjs json-schemas.ts\` writes it. Editors show the same texts when the first
line of lab.yaml names the schema, as in a lab that \`labs new\` has written.

The column *default* says *required* for a field that must be there. If it is empty, nothing takes the place of a field that is missing, or the meaning
says what does.

## Values

- A **text or {en, ko}** is a text, or one in each language: \`title: { en: Services, ko: 서비스 }\`.
- A **text or /pattern/** searches for the text literally, or for a regular expression in JavaScript's syntax.
- A **duration** is \`500ms\`, \`5s\` or \`1m\`.
- A **place** is a machine or a pod: \`pod/NAME\`, \`pod/NAMESPACE/NAME\`, \`pod/NAMESPACE/LABEL=VALUE\`, \`node/NAME\`, \`node/*\` (every node), \`machine/NAME\` (a router or
  host), \`client\` (the only or first client) or \`client/NAME\`. A machine's name followed by \`/netns/NAME\` is a network namespace
  that the [student has made](cluster.md#namespaces-made-by-hand) there. Files and logs are those of machines.
- **Templates** stand in every text of lab.yaml. \`\${service/shop/web:.spec.clusterIP}\` takes a value from the cluster, and it never acts as a regular expression.
  \`\${node.address}\` and \`\${node.name}\` are those of the node that is looked at (each one with \`node/*\`), or on which the pod runs. \`\${param:NAME}\` is
  the value of a [parameter](cluster.md#parameters).
- **Files** are relative to the lab's folder.

Machines, pods and services of a lab have IPv4 addresses only, so checks send no IPv6. \`untouched\` finds foreign IPv6 rules.
`;

/** @param lab the JSON Schema of a whole lab.yaml */
export const referencePage = (lab: Shape): string => {
  const tasks = itemsOf(lab.properties?.tasks);
  const { checks, ...ofTask } = tasks.properties ?? {};
  const kinds = itemsOf(checks).oneOf ?? [];
  const common = commonOf(kinds);
  return [
    intro,
    section('## Lab', lab.description, { ...lab, properties: without(lab.properties, 'cluster', 'tasks') }),
    section('## cluster', lab.properties?.cluster?.description, lab.properties?.cluster ?? {}, 'cluster'),
    section('## tasks', lab.properties?.tasks?.description, { ...tasks, properties: ofTask }),
    section(
      '## checks',
      `${checks?.description} Each check has a \`type\`, the fields of this type, and these fields:`,
      common,
    ),
    ...kinds.map((kind) => kindSection(kind, Object.keys(common.properties ?? {}))),
  ].join('\n');
};

const itemsOf = (list: Shape | undefined): Shape => list?.items ?? {};

const without = (fields: Shape['properties'] = {}, ...names: readonly string[]): Record<string, Shape> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

/** The fields that every kind of check has, without \`type\`. */
const commonOf = (kinds: readonly Shape[]): Shape => {
  const [first = {}] = kinds;
  const isCommon = (name: string): boolean =>
    name !== 'type' && kinds.every(({ properties = {} }) => name in properties);
  const fields = Object.entries(first.properties ?? {}).filter(([name]) => isCommon(name));
  return { ...first, properties: Object.fromEntries(fields) };
};

const kindSection = (kind: Shape, common: readonly string[]): string => {
  const { type } = kind.properties ?? {};
  const own = { ...kind, properties: without(kind.properties, 'type', ...common) };
  const example = kind.examples?.[0];
  const shown =
    example === undefined
      ? ''
      : `\n${yamlBlock([{ id: 'example', title: 'What should be the case', ...(example as object) }])}`;
  return `${section(`### ${type?.const}`, type?.description, own)}${shown}`;
};

const section = (heading: string, text: string | undefined, shape: Shape, root = ''): string =>
  `${heading}\n\n${text ?? ''}\n\n| field | type | default | meaning | example |\n|---|---|---|---|---|\n${rows(shape, root).join('\n')}\n`;

/** One row for each field, with those below it. */
const rows = (shape: Shape, path: string): readonly string[] =>
  Object.entries(shape.properties ?? {}).flatMap(([name, field]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const isRequired = shape.required?.includes(name) ?? false;
    const cells = [
      `\`${here}\``,
      typeOf(field),
      defaultOf(field, isRequired),
      field.description ?? '',
      exampleOf(field),
    ];
    return [
      `| ${cells.map(cell).join(' | ')} |`,
      ...branches(field).flatMap((each) => rows(each.shape, here + each.suffix)),
    ];
  });

interface Branch {
  readonly shape: Shape;
  /** \`[]\` for an item of a list. */
  readonly suffix: string;
}

/** The maps that a field can be made of, each once. */
const branches = (field: Shape): readonly Branch[] => {
  const found = maps(field, '');
  return found.filter(
    ({ shape }, index) => found.findIndex((other) => JSON.stringify(other.shape) === JSON.stringify(shape)) === index,
  );
};

const maps = (field: Shape, suffix: string): readonly Branch[] => {
  if (field.title === localizedTitle) return [];
  const inner =
    typeof field.additionalProperties === 'object' ? maps(field.additionalProperties, `${suffix}.NAME`) : [];
  const own = field.properties ? [{ shape: field, suffix }] : [];
  const choices = (field.anyOf ?? field.oneOf ?? []).flatMap((each) => maps(each, suffix));
  const items = field.items ? maps(field.items, suffix.endsWith('[]') ? suffix : `${suffix}[]`) : [];
  return [...own, ...inner, ...choices, ...items];
};

const localizedTitle = 'text or {en, ko}';

const typeOf = (field: Shape): string => {
  if (field.title !== undefined) return field.title;
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.enum) return field.enum.map((each) => `\`${each}\``).join(', ');
  const choices = field.anyOf ?? field.oneOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ');
  if (field.type === 'array') return `list of ${typeOf(field.items ?? {})}`;
  return [field.type ?? 'string']
    .flat()
    .map((type) => words[type] ?? type)
    .join(' or ');
};

const words: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true`, `false`',
  object: 'map',
};

const defaultOf = (field: Shape, isRequired: boolean): string => {
  if (isRequired) return 'required';
  return field.default === undefined ? '' : `\`${inline(field.default)}\``;
};

/** A field with few values needs no example, because its type lists them. */
const exampleOf = ({ examples = [] }: Shape): string => examples.map((each) => `\`${inline(each)}\``).join('<br>');

/** A value as YAML on one line. */
const inline = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', flowCollectionPadding: true, lineWidth: 0, singleQuote: true }).trim();

const yamlBlock = (value: unknown): string =>
  `\`\`\`yaml\n${stringify(value, { lineWidth: 0, singleQuote: true })}\`\`\`\n`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
