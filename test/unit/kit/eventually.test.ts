import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LabError } from '../../../src/kit/error.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A rejection that is looked at later, without being reported as unhandled meanwhile. */
const settled = <T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown }> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe('eventually', () => {
  test('resolves with the value of the first look that says done', async () => {
    let looks = 0;
    const result = settled(
      eventually('three looks', () => (++looks === 3 ? done('here') : notYet(`look ${looks}`)), { timeoutMs: 1000 }),
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(await result).toEqual({ value: 'here' });
    expect(looks).toBe(3);
  });

  test('does not wait when the first look says done', async () => {
    await expect(eventually('it is so', () => done(1), { timeoutMs: 10 })).resolves.toBe(1);
  });

  test('reports the condition and the last reason at the deadline', async () => {
    const result = settled(eventually('every node is Ready', () => notYet('node02 is not'), { timeoutMs: 2000 }));
    await vi.advanceTimersByTimeAsync(2000);
    const { error } = await result;
    expect(error).toBeInstanceOf(LabError);
    expect(error).toMatchObject({
      code: 'LAB_TIMEOUT',
      message: 'Waited 2 s until every node is Ready. Last seen: node02 is not',
    });
  });

  test('looks a last time at the deadline, even during a long pause', async () => {
    const startedAt = performance.now();
    const result = settled(
      eventually('900 ms have passed', () => (performance.now() - startedAt >= 900 ? done('late') : notYet('early')), {
        timeoutMs: 900,
        intervalMs: 500,
        maxIntervalMs: 5000,
      }),
    );
    await vi.advanceTimersByTimeAsync(900);
    expect(await result).toEqual({ value: 'late' });
  });

  test('treats a look that throws as not yet, and quotes its error', async () => {
    const result = settled(
      eventually(
        'it answers',
        () => {
          throw new Error('connection refused');
        },
        { timeoutMs: 100 },
      ),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect((await result).error).toMatchObject({ message: expect.stringContaining('connection refused') });
  });

  test('gives up on a look that never returns', async () => {
    const result = settled(eventually('it answers', () => new Promise<never>(() => {}), { timeoutMs: 1000 }));
    await vi.advanceTimersByTimeAsync(2000);
    expect((await result).error).toMatchObject({ code: 'LAB_TIMEOUT' });
  });

  test('rejects at once with the reason of the signal, during a pause and during a look', async () => {
    for (const look of [() => notYet('not'), () => new Promise<never>(() => {})]) {
      const stop = new AbortController();
      const result = settled(eventually('never', look, { timeoutMs: 60_000, intervalMs: 10_000, signal: stop.signal }));
      await vi.advanceTimersByTimeAsync(50);
      const reason = new Error('Ctrl-C');
      stop.abort(reason);
      expect((await result).error).toBe(reason);
    }
  });

  test('lengthens the pause after each look, up to the limit', async () => {
    const at: number[] = [];
    const startedAt = performance.now();
    const result = settled(
      eventually(
        'never',
        () => {
          at.push(Math.round(performance.now() - startedAt));
          return notYet('no');
        },
        { timeoutMs: 1000, intervalMs: 100, maxIntervalMs: 200 },
      ),
    );
    await vi.advanceTimersByTimeAsync(1000);
    await result;
    expect(at).toEqual([0, 100, 250, 450, 650, 850, 1000]);
  });
});
