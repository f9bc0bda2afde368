import { describe, expect, test } from 'vitest';
import type { Taint } from '../../../src/api/core.ts';
import type { Toleration } from '../../../src/api/core-pods.ts';
import type { LabelSelector } from '../../../src/api/meta.ts';
import { matchesLabels, matchesSelector } from '../../../src/api/selectors.ts';
import { tolerates } from '../../../src/api/taints.ts';

describe('A label selector', () => {
  const labels = { app: 'web', tier: 'front' };

  test.each<{ name: string; selector: LabelSelector | undefined; matches: boolean }>([
    { name: 'none at all', selector: undefined, matches: false },
    { name: 'an empty one', selector: {}, matches: true },
    { name: 'equal labels', selector: { matchLabels: { app: 'web' } }, matches: true },
    { name: 'another value', selector: { matchLabels: { app: 'db' } }, matches: false },
    {
      name: 'In',
      selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['db', 'web'] }] },
      matches: true,
    },
    {
      name: 'NotIn of a missing key',
      selector: { matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['1'] }] },
      matches: true,
    },
    {
      name: 'NotIn',
      selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
      matches: false,
    },
    { name: 'Exists', selector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, matches: true },
    {
      name: 'DoesNotExist',
      selector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] },
      matches: false,
    },
    {
      name: 'two requirements, one of which fails',
      selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] },
      matches: false,
    },
  ])('$name: $matches', ({ selector, matches }) => {
    expect(matchesSelector(selector, labels)).toBe(matches);
  });

  test('that is a plain map requires every pair', () => {
    expect(matchesLabels({ app: 'web', tier: 'front' }, labels)).toBe(true);
    expect(matchesLabels({ app: 'web' }, undefined)).toBe(false);
  });
});

describe('A toleration', () => {
  const taint: Taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

  test.each<{ name: string; toleration: Toleration; tolerated: boolean }>([
    { name: 'of everything', toleration: { operator: 'Exists' }, tolerated: true },
    { name: 'of the key', toleration: { key: 'gpu', operator: 'Exists' }, tolerated: true },
    { name: 'of key and value', toleration: { key: 'gpu', value: 'yes' }, tolerated: true },
    { name: 'of another value', toleration: { key: 'gpu', value: 'no' }, tolerated: false },
    { name: 'of another key', toleration: { key: 'disk', operator: 'Exists' }, tolerated: false },
    {
      name: 'of another effect',
      toleration: { key: 'gpu', operator: 'Exists', effect: 'NoExecute' },
      tolerated: false,
    },
    { name: 'without fields', toleration: {}, tolerated: false },
  ])('$name: $tolerated', ({ toleration, tolerated }) => {
    expect(tolerates(toleration, taint)).toBe(tolerated);
  });
});
