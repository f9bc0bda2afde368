// Waiting without sleeping: a named condition, a deadline, and an error that carries the last thing seen.
import { setTimeout as delay } from 'node:timers/promises';
import { LabError, messageOf } from './error.ts';

/** What one look at the world saw: done with a value, or not yet, and why. */
export type Seen<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly seen: string };

export const done = <T>(value: T): Seen<T> => ({ done: true, value });
export const notYet = (seen: string): Seen<never> => ({ done: false, seen });

export interface EventuallyOptions {
  readonly timeoutMs: number;
  /** First pause between two looks; it grows by half each time up to `maxIntervalMs`. */
  readonly intervalMs?: number;
  readonly maxIntervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks until `look` says done. A look that throws counts as not yet.
 * @param condition what is waited for, as it stands in the error: "every node is Ready"
 * @throws LabError `LAB_TIMEOUT` with the last thing seen; the signal's reason when aborted
 */
export const eventually = async <T>(
  condition: string,
  look: () => Promise<Seen<T>> | Seen<T>,
  options: EventuallyOptions,
): Promise<T> => {
  const deadline = performance.now() + options.timeoutMs;
  let pause = options.intervalMs ?? 25;
  for (;;) {
    options.signal?.throwIfAborted();
    const result = await lookSafely(look);
    if (result.done) return result.value;
    if (performance.now() + pause > deadline) throw timedOut(condition, options.timeoutMs, result.seen);
    await delay(pause, undefined, options.signal ? { signal: options.signal } : {});
    pause = Math.min(pause * 1.5, options.maxIntervalMs ?? 500);
  }
};

const lookSafely = async <T>(look: () => Promise<Seen<T>> | Seen<T>): Promise<Seen<T>> => {
  try {
    return await look();
  } catch (error) {
    return notYet(messageOf(error));
  }
};

const timedOut = (condition: string, timeoutMs: number, seen: string): LabError =>
  new LabError('LAB_TIMEOUT', `Waited ${timeoutMs / 1000} s until ${condition}. Last seen: ${seen}`);
