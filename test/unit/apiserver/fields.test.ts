import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fieldsPage } from '../../../scripts/lib/fields-page.ts';
import { parseField, shapeOf, typeOf } from '../../../src/api/field-types.ts';
import { allResources } from '../../../src/api/resources.ts';
import { fieldNames, reachableTypes, structOf } from '../../../src/node/apiserver/fields/reach.ts';
import { newUnsupportedFields, unsupportedFields } from '../../../src/node/apiserver/fields/refuse.ts';
import { type Support, sourcePath } from '../../../src/node/apiserver/fields/support.ts';
import { fieldTable } from '../../../src/node/apiserver/fields/table.ts';
import { unstoredTypes } from '../../../src/node/apiserver/fields/unstored.ts';
import { fieldErrorBody } from '../../../src/node/apiserver/validation/field.ts';

const roots = [...allResources.map(typeOf), ...unstoredTypes];
const types = reachableTypes(fieldTable, roots);

const rows: (Support & { type: string; name: string })[] = Object.entries(fieldTable).flatMap(([type, fields]) =>
  Object.entries(fields).map(([name, support]) => ({ type, name, ...support })),
);

const refusals = rows.filter((row) => row.is === 'refused');

test('the walk of the schema finds the types of pods, services and workloads', () => {
  expect(types).toEqual(
    expect.arrayContaining(['core.v1.PodSpec', 'core.v1.Probe', 'core.v1.ServicePort', 'apps.v1.DeploymentSpec']),
  );
  expect(types.length).toBeGreaterThan(80);
});

describe('the table of fields', () => {
  test.each(types)('has exactly the fields of %s', (type) => {
    const shape = structOf(type);
    expect(Object.keys(fieldTable[type] ?? {}).sort()).toEqual(shape && fieldNames(shape).sort());
  });

  test('has no types that no object can reach', () => {
    expect(Object.keys(fieldTable).sort()).toEqual(types);
  });

  const files = new Map<string, Set<string>>();
  for (const row of rows) if (row.is === 'honoured') files.set(row.by, (files.get(row.by) ?? new Set()).add(row.name));

  test.each([...files].sort())('names %s, which mentions the fields that it honours', (file, names) => {
    const path = sourcePath(file);
    expect(existsSync(path)).toBe(true);
    const source = readFileSync(path, 'utf8');
    expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(source))).toEqual([]);
  });
});

/** A value of the type that is neither empty nor a default. */
const sample = (token: string): unknown => {
  const shape = shapeOf(token);
  if (shape.is === 'list') return [sample(shape.item)];
  if (shape.is === 'map') return { key: sample(shape.item) };
  if (shape.is === 'struct') {
    const [name = ''] = fieldNames(shape);
    return { [name]: sample(parseField(shape.fields[name] ?? '').token) };
  }
  if (shape.type === 'bool') return true;
  return /^u?int/.test(shape.type) ? 987 : 'sample';
};

describe('the refusal', () => {
  test('has fields to refuse', () => expect(refusals.length).toBeGreaterThan(20));

  test.each(refusals)('refuses $type $name by its name', ({ type, name, accepts }) => {
    const shape = structOf(type);
    const { token } = parseField(shape?.fields[name] ?? '');
    const value = token === 'bool' && accepts.includes(true) ? false : sample(token);
    const errors = unsupportedFields(type, { [name]: value });
    expect(errors.map(({ field, type: kind }) => `${kind} ${field}`)).toEqual([`forbidden ${name}`]);
    expect(errors.map(fieldErrorBody).join()).toMatch(
      new RegExp(`Forbidden: labs supports? .*\\b${name}\\b|not support ${name}`),
    );
  });

  test.each(refusals.filter(({ accepts }) => accepts.length > 0))(
    'accepts the harmless values of $type $name',
    (row) => {
      for (const value of row.accepts) expect(unsupportedFields(row.type, { [row.name]: value })).toEqual([]);
    },
  );

  test('names the place of the field', () => {
    const spec = {
      containers: [
        { name: 'a' },
        { name: 'b', env: [{ name: 'E' }, { valueFrom: { fieldRef: { apiVersion: 'v2' } } }] },
      ],
    };
    expect(unsupportedFields('core.v1.Pod', { spec }).map(({ field }) => field)).toEqual([
      'spec.containers[1].env[1].valueFrom.fieldRef.apiVersion',
    ]);
    const template = { spec: { volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] } };
    expect(unsupportedFields('apps.v1.Deployment', { spec: { template } }).map(({ field }) => field)).toEqual([
      'spec.template.spec.volumes[0].nfs',
    ]);
  });

  test('accepts empty values, except an empty volume source', () => {
    const spec = { imagePullSecrets: [], runtimeClassName: '', volumes: [{ name: 'v', ephemeral: {} }] };
    expect(unsupportedFields('core.v1.Pod', { spec }).map(({ field }) => field)).toEqual(['spec.volumes[0].ephemeral']);
  });

  test('lets an update keep what the stored object has', () => {
    const current = { spec: { overhead: { cpu: '1' } } };
    const next = { spec: { overhead: { cpu: '1' }, runtimeClassName: 'new' } };
    expect(newUnsupportedFields('core.v1.Pod', next, current).map(({ field }) => field)).toEqual([
      'spec.runtimeClassName',
    ]);
  });
});

test('docs/fields.md shows the table: `node scripts/node.mjs fields.ts` writes it', () => {
  expect(readFileSync('docs/fields.md', 'utf8')).toBe(fieldsPage(roots));
});
