import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { referencePage, type Shape } from '../../../scripts/lib/reference-page.ts';
import { explained } from '../../../src/host/grade/explained.ts';
import { checkKinds } from '../../../src/host/grade/kinds.ts';
import { labJsonSchema } from '../../../src/host/lab/schema.ts';
import { validate } from '../../../src/host/lab/validate.ts';

const schema = labJsonSchema() as Shape;
const page = referencePage(schema);

test('docs/authoring/reference.md is current (node scripts/node.mjs json-schemas.ts)', async () => {
  expect(await readFile(join(import.meta.dirname, '../../../docs/authoring/reference.md'), 'utf8')).toBe(page);
});

interface Field {
  readonly path: string;
  readonly field: Shape;
}

/** All fields of lab.yaml, those of each check included. */
const fieldsIn = (shape: Shape, path: string): readonly Field[] => {
  if (shape.title === 'text or {en, ko}') return [];
  const own = Object.entries(shape.properties ?? {}).flatMap(([name, field]) => [
    { path: `${path}.${name}`, field },
    ...fieldsIn(field, `${path}.${name}`),
  ]);
  const inner = [...(shape.anyOf ?? []), ...(shape.oneOf ?? []), ...(shape.items ? [shape.items] : [])];
  const values = typeof shape.additionalProperties === 'object' ? [shape.additionalProperties] : [];
  return [...own, ...[...inner, ...values].flatMap((each) => fieldsIn(each, kindPath(each, path)))];
};

const kindPath = ({ properties }: Shape, path: string): string =>
  properties?.type?.const === undefined ? path : `${path}(${properties.type.const})`;

const fields = fieldsIn(schema, '');

/** Its type lists its values, or its own fields have examples. */
const explainsItself = ({ path, field }: Field): boolean =>
  field.const !== undefined ||
  field.enum !== undefined ||
  field.type === 'boolean' ||
  field.type === 'object' ||
  field.items?.enum !== undefined ||
  path === '.tasks' ||
  path === '.tasks.checks';

describe('the reference of lab.yaml', () => {
  test('looks at the fields of all kinds of checks', () => expect(fields.length).toBeGreaterThan(400));

  test('says what each field means', () => {
    expect(fields.filter(({ field }) => (field.description ?? '') === '').map(({ path }) => path)).toEqual([]);
  });

  test('has an example of each field whose type does not list its values', () => {
    const without = fields.filter((each) => !explainsItself(each) && (each.field.examples ?? []).length === 0);
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  test('has only valid examples', () => {
    const ajv = new Ajv({ strict: false, formats: { base64: true } });
    const { definitions } = schema as { definitions?: object };
    const examples = fields.flatMap(({ path, field }) =>
      (field.examples ?? []).map((example) => ({
        path,
        example,
        isValid: ajv.validate({ ...field, definitions }, example),
      })),
    );
    expect(examples.length).toBeGreaterThan(400);
    expect(examples.filter(({ isValid }) => !isValid)).toEqual([]);
  });

  test.each(checkKinds.map(({ type }) => ({ type })))('has a valid example of the check $type', ({ type }) => {
    const { about = '', example = {} } = explained[type] ?? {};
    expect(about).not.toBe('');
    expect(page).toContain(`### ${type}\n`);
    const check = { id: 'example', title: 'What should be the case', type, ...example };
    const { problems } = validate({
      apiVersion: 'labs/v1',
      name: 'example',
      title: 'Example',
      summary: 'For a test.',
      cluster: { nodes: [{ name: 'controlplane', role: 'control-plane' }, { name: 'node01' }] },
      tasks: [{ id: 'task', title: 'Task', checks: [check] }],
    });
    expect(problems).toEqual([]);
  });
});
