import { expect, test } from 'vitest';
import { createLimit } from '../../../src/kit/limit.ts';

test('runs at most the given number of calls at once, in the order in which they came', async () => {
  const limit = createLimit(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const ends = [0, 1, 2, 3, 4].map((index) => ({ index, end: Promise.withResolvers<number>() }));
  const calls = ends.map(({ index, end }) =>
    limit(async () => {
      started.push(index);
      running += 1;
      most = Math.max(most, running);
      await end.promise;
      running -= 1;
      return index;
    }),
  );
  expect(started).toEqual([0, 1]);
  for (const { index, end } of ends) {
    end.resolve(index);
    expect(await calls[index]).toBe(index);
  }
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});

test('goes on after a call that failed', async () => {
  const limit = createLimit(1);
  const calls = [limit(() => Promise.reject(new Error('no'))), limit(async () => 'next')];
  expect(await Promise.allSettled(calls)).toMatchObject([
    { status: 'rejected' },
    { status: 'fulfilled', value: 'next' },
  ]);
  expect(await limit(async () => 'later')).toBe('later');
});
