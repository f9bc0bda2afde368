import { expect, test } from 'vitest';
import { explanations } from '../../../src/node/apiserver/schema/explanations.ts';
import fields from '../../../src/node/apiserver/schema/fields.json' with { type: 'json' };

test.each(Object.entries(explanations))('%s is explained by names that the schema has', (type, words) => {
  const known = (fields as Record<string, object | string>)[type];
  expect(known).toBeTypeOf('object');
  expect(Object.keys(words).filter((field) => field !== '' && !(field in (known as object)))).toEqual([]);
});
