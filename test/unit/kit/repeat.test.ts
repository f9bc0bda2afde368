// Looks are repeated until something is as wanted, and none of them is given up.
import { expect, test } from 'vitest';
import { repeatUntil } from '../../../src/kit/repeat.ts';

const { signal } = new AbortController();

test('a look that ends after the time is over counts', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const seen = repeatUntil(
    () => promise,
    () => false,
    { timeoutMs: 0, signal },
  );
  setTimeout(() => resolve('late'), 20);
  expect(await seen).toBe('late');
});

test('it ends as soon as it is as wanted', async () => {
  let looks = 0;
  const look = async (): Promise<number> => ++looks;
  expect(await repeatUntil(look, (count) => count === 3, { timeoutMs: 60_000, signal })).toBe(3);
});

test('an abort ends it', async () => {
  const look = async (): Promise<string> => 'never';
  const aborted = AbortSignal.abort(new Error('stop'));
  await expect(repeatUntil(look, () => false, { timeoutMs: 60_000, signal: aborted })).rejects.toThrow();
});
