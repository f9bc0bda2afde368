// Waiting without sleeping: a named condition, a deadline, and an error that carries the last thing seen.
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

/** A look that doesn't come back is given up so long after the deadline. */
const graceMs = 1000;

/**
 * Looks until `look` says done, a last time at the deadline. A look that throws counts as not yet.
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
  let seen = 'nothing, the first look never came back';
  for (;;) {
    options.signal?.throwIfAborted();
    const remaining = deadline - performance.now();
    const result = await within(remaining + graceMs, lookSafely(look), options.signal);
    if (result?.done) return result.value;
    if (result) seen = result.seen;
    if (remaining <= 0 || performance.now() >= deadline) throw timedOut(condition, options.timeoutMs, seen);
    await within(Math.min(pause, deadline - performance.now()), undefined, options.signal);
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

/** What `promise` resolves with, or undefined after `milliseconds`. Rejects with the signal's reason. */
const within = async <T>(
  milliseconds: number,
  promise: Promise<T> | undefined,
  signal: AbortSignal | undefined,
): Promise<T | undefined> => {
  const { promise: over, resolve, reject } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), Math.max(0, milliseconds));
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await (promise ? Promise.race([promise, over]) : over);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
};

const timedOut = (condition: string, timeoutMs: number, seen: string): LabError =>
  new LabError('LAB_TIMEOUT', `Waited ${timeoutMs / 1000} s until ${condition}. Last seen: ${seen}`);
