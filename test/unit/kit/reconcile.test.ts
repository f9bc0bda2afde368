import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ReconcileOptions, startReconciler } from '../../../src/kit/reconcile.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A loop whose syncs take `durationMs` each, with a record of when they ran. */
const recorded = (options: Partial<ReconcileOptions> & { readonly durationMs?: number; fails?: boolean } = {}) => {
  const startedAt = performance.now();
  const record = { syncs: [] as number[], atOnce: 0, most: 0, errors: [] as number[], fails: options.fails ?? false };
  const stop = new AbortController();
  const loop = startReconciler({
    signal: stop.signal,
    onError: (_error, retryInMs) => void record.errors.push(retryInMs),
    ...options,
    sync: async () => {
      record.syncs.push(Math.round(performance.now() - startedAt));
      record.most = Math.max(record.most, ++record.atOnce);
      if (options.durationMs) await new Promise((resolve) => setTimeout(resolve, options.durationMs));
      record.atOnce -= 1;
      if (record.fails) throw new Error('no');
    },
  });
  return { loop, stop, record };
};

const hasStopped = async (stopped: Promise<void>): Promise<boolean> => {
  let ended = false;
  void stopped.then(() => {
    ended = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return ended;
};

describe('the reconcile loop', () => {
  test('waits for the first trigger', async () => {
    const { record } = recorded();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(record.syncs).toEqual([]);
  });

  test('collapses a storm of triggers into one sync', async () => {
    const { loop, record } = recorded();
    for (let count = 0; count < 1000; count += 1) loop.trigger();
    await vi.advanceTimersByTimeAsync(1000);
    expect(record.syncs).toHaveLength(1);
  });

  test('runs one more sync after triggers during a sync, and never two syncs at once', async () => {
    const { loop, record } = recorded({ durationMs: 100 });
    loop.trigger();
    await vi.advanceTimersByTimeAsync(50);
    for (let count = 0; count < 100; count += 1) loop.trigger();
    await vi.advanceTimersByTimeAsync(1000);
    expect(record.syncs).toHaveLength(2);
    expect(record.most).toBe(1);
  });

  test('keeps the minimum time between the starts of two syncs', async () => {
    const { loop, record } = recorded({ minIntervalMs: 200 });
    loop.trigger();
    await vi.advanceTimersByTimeAsync(10);
    loop.trigger();
    await vi.advanceTimersByTimeAsync(1000);
    expect(record.syncs).toEqual([0, 200]);
  });

  test('runs at once if the minimum time has passed before the trigger', async () => {
    const { loop, record } = recorded({ minIntervalMs: 200 });
    loop.trigger();
    await vi.advanceTimersByTimeAsync(500);
    loop.trigger();
    await vi.advanceTimersByTimeAsync(100);
    expect(record.syncs).toEqual([0, 500]);
  });

  test('syncs without a trigger after the maximum time', async () => {
    const { loop, record } = recorded({ maxIntervalMs: 1000 });
    loop.trigger();
    await vi.advanceTimersByTimeAsync(2500);
    expect(record.syncs).toEqual([0, 1000, 2000]);
  });

  test('doubles the pause after each failure, and starts again after a success', async () => {
    const { loop, record } = recorded({ fails: true, backoffMs: 100, maxBackoffMs: 300 });
    loop.trigger();
    await vi.advanceTimersByTimeAsync(900);
    expect(record.syncs).toEqual([0, 100, 300, 600, 900]);
    expect(record.errors).toEqual([100, 200, 300, 300, 300]);
    record.fails = false;
    await vi.advanceTimersByTimeAsync(300);
    record.fails = true;
    loop.trigger();
    await vi.advanceTimersByTimeAsync(0);
    expect(record.errors.at(-1)).toBe(100);
  });

  test('keeps the pause after a failure under a storm of triggers', async () => {
    const { loop, record } = recorded({ fails: true, backoffMs: 1000 });
    loop.trigger();
    for (let count = 0; count < 90; count += 1) {
      await vi.advanceTimersByTimeAsync(10);
      loop.trigger();
    }
    expect(record.syncs).toHaveLength(1);
  });

  test('stops at once when it is aborted during a pause', async () => {
    const { loop, stop, record } = recorded({ maxIntervalMs: 100 });
    loop.trigger();
    await vi.advanceTimersByTimeAsync(50);
    stop.abort();
    expect(await hasStopped(loop.stopped)).toBe(true);
    loop.trigger();
    await vi.advanceTimersByTimeAsync(1000);
    expect(record.syncs).toEqual([0]);
  });

  test('stops after the running sync when it is aborted during the sync, and does not report the failure', async () => {
    const { loop, stop, record } = recorded({ durationMs: 100, fails: true });
    loop.trigger();
    await vi.advanceTimersByTimeAsync(50);
    stop.abort();
    expect(await hasStopped(loop.stopped)).toBe(false);
    await vi.advanceTimersByTimeAsync(60);
    expect(await hasStopped(loop.stopped)).toBe(true);
    expect(record).toMatchObject({ syncs: [0], errors: [] });
  });

  test('stops at once when its signal is already aborted', async () => {
    const { loop, record } = recorded({ signal: AbortSignal.abort() });
    loop.trigger();
    expect(await hasStopped(loop.stopped)).toBe(true);
    expect(record.syncs).toEqual([]);
  });
});
