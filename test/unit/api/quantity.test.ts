import { describe, expect, test } from 'vitest';
import { milliCpu, parseQuantity, wholeUnits } from '../../../src/api/quantity.ts';

describe('A quantity', () => {
  test.each([
    { text: '250m', value: 0.25 },
    { text: '2', value: 2 },
    { text: '1.5', value: 1.5 },
    { text: '.5', value: 0.5 },
    { text: '64Mi', value: 67_108_864 },
    { text: '1G', value: 1e9 },
    { text: '1e3', value: 1000 },
    { text: '-3k', value: -3000 },
  ])('$text is $value', ({ text, value }) => {
    expect(parseQuantity(text)).toBeCloseTo(value, 9);
  });

  test.each(['', 'abc', '1 Mi', '64MB', '1.2.3', 'm'])('%j is not a quantity', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  test('of CPU is counted in thousandths of a core, rounded up', () => {
    expect(['100m', '0.1', '1', '1u', undefined].map(milliCpu)).toEqual([100, 100, 1000, 1, 0]);
  });

  test('of any other resource is counted in whole units, rounded up', () => {
    expect(['1Ki', '1.5', '110', undefined].map(wholeUnits)).toEqual([1024, 2, 110, 0]);
  });
});
