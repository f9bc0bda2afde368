import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Queue, startQueue } from '../../../../src/node/component/queue.ts';

describe('a queue of keys', () => {
  let stop: AbortController;
  let started: string[];
  let failing: Map<string, number>;
  let retries: [key: string, inMs: number][];
  let queue: Queue;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    stop = new AbortController();
    started = [];
    failing = new Map();
    retries = [];
    queue = startQueue({
      sync: async (key) => {
        started.push(key);
        const left = failing.get(key) ?? 0;
        if (left === 0) return;
        failing.set(key, left - 1);
        throw new Error('not yet');
      },
      onError: (key, _, inMs) => void retries.push([key, inMs]),
      signal: stop.signal,
    });
  });
  afterEach(async () => {
    stop.abort();
    await queue.stopped;
    vi.useRealTimers();
  });

  test('runs a key once if it was added several times', async () => {
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await vi.advanceTimersByTimeAsync(5);
    expect(started).toEqual(['a', 'b']);
  });

  test('retries a failed key after growing pauses, and does not delay other keys', async () => {
    failing.set('a', 3);
    queue.add('a');
    await vi.advanceTimersByTimeAsync(5);
    queue.add('b');
    await vi.advanceTimersByTimeAsync(5);
    expect(started).toEqual(['a', 'b']);
    await vi.advanceTimersByTimeAsync(200);
    expect(started).toEqual(['a', 'b', 'a', 'a', 'a']);
    expect(retries).toEqual([
      ['a', 20],
      ['a', 40],
      ['a', 80],
    ]);
  });

  test('starts with the shortest pause again after a success', async () => {
    failing.set('a', 1);
    queue.add('a');
    await vi.advanceTimersByTimeAsync(50);
    failing.set('a', 1);
    queue.add('a');
    await vi.advanceTimersByTimeAsync(50);
    expect(retries.map(([, inMs]) => inMs)).toEqual([20, 20]);
  });

  test('runs a key once, at the earliest of its times', async () => {
    queue.addAfter('a', 1000);
    queue.addAfter('a', 100);
    queue.addAfter('a', 5000);
    await vi.advanceTimersByTimeAsync(150);
    expect(started).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(started).toEqual(['a']);
  });

  test('runs nothing after it was stopped', async () => {
    queue.addAfter('a', 10);
    stop.abort();
    queue.addAfter('b', 10);
    await vi.advanceTimersByTimeAsync(100);
    expect(started).toEqual([]);
  });
});
