// What `labs test --sample` draws.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawFrom } from '../../../src/host/instructor/test/sample.ts';

const same = (text: string): string => text;
const names = fc.uniqueArray(fc.string(), { maxLength: 20 });

test('without a sample, everything is taken', () => {
  expect(drawFrom(['b', 'a'], undefined, same)).toEqual(['b', 'a']);
});

test('a sample has the wanted size, keeps the order, and is drawn again by its seed', () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 25 }), fc.string(), (items, size, seed) => {
      const drawn = drawFrom(items, { size, seed }, same);
      expect(drawn).toHaveLength(Math.min(size, items.length));
      expect(items.filter((item) => drawn.includes(item))).toEqual(drawn);
      expect(drawFrom(items, { size, seed }, same)).toEqual(drawn);
    }),
  );
});

test('every item is drawn by some seed', () => {
  const items = ['one', 'two', 'three', 'four'];
  const seeds = Array.from({ length: 50 }, (_, index) => `${index}`);
  expect(new Set(seeds.flatMap((seed) => drawFrom(items, { size: 1, seed }, same)))).toEqual(new Set(items));
});

test('an item that is not drawn changes nothing when it goes', () => {
  const items = ['one', 'two', 'three', 'four'];
  const drawn = drawFrom(items, { size: 2, seed: 's' }, same);
  expect(drawFrom(drawn, { size: 2, seed: 's' }, same)).toEqual(drawn);
});
