import { describe, expect, test } from 'vitest';
import { canonicalQuantity, roundUpQuantity } from '../../../src/api/quantity-text.ts';

describe('the canonical text of a quantity', () => {
  test.each([
    ['0', '0'],
    ['0Gi', '0'],
    ['-0.0', '0'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1.50', '1500m'],
    ['+2', '2'],
    ['-3000', '-3k'],
    ['1000', '1k'],
    ['1024', '1024'],
    ['128974848', '128974848'],
    ['1024Mi', '1Gi'],
    ['1000Mi', '1000Mi'],
    ['1.5Gi', '1536Mi'],
    ['512Ki', '512Ki'],
    ['0.5Ki', '512'],
    ['0.1Gi', '107374182400m'],
    ['1e3', '1e3'],
    ['12e4', '120e3'],
    ['1E3', '1e3'],
    ['5e0', '5'],
    ['0.1m', '100u'],
    ['0.0000000001', '1n'],
    ['9007199254740993', '9007199254740993'],
    ['1E', '1E'],
  ])('of %s is %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
    expect(canonicalQuantity(canonical)).toBe(canonical);
  });

  test.each(['', '.', 'abc', '1e99', '5000E', '1 Mi'])('of %j is the text itself', (text) => {
    expect(canonicalQuantity(text)).toBe(text);
  });

  test('is rounded up to a number of decimal places', () => {
    expect(['1u', '1500u', '-1u', '250m', '1Gi'].map((text) => roundUpQuantity(text, -3))).toEqual([
      '1m',
      '2m',
      '-1m',
      '250m',
      '1Gi',
    ]);
  });
});
