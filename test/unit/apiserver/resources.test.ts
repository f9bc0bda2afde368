import { describe, expect, test } from 'vitest';
import fields from '../../../src/api/field-types.json' with { type: 'json' };
import { shapeOf, typeOf } from '../../../src/api/field-types.ts';
import { allResources } from '../../../src/api/resources.ts';
import { allDefinitions } from '../../../src/node/apiserver/resources/all.ts';

test('every resource of the API has a definition, in the order of discovery', () => {
  expect(allDefinitions.map(({ resource }) => resource)).toEqual(allResources);
});

describe.each(allDefinitions)('the definition of $resource.plural', ({ resource, explanations = {} }) => {
  test('has a type in the generated schema', () => {
    expect(shapeOf(typeOf(resource)).is).toBe('struct');
  });

  test('explains only types and fields that the schema has', () => {
    for (const [type, texts] of Object.entries(explanations)) {
      const known = (fields as Record<string, object | string>)[type];
      expect(known).toBeTypeOf('object');
      const names = Object.keys(texts).filter((field) => field !== '');
      expect(Object.keys(known as object)).toEqual(expect.arrayContaining(names));
    }
  });
});
