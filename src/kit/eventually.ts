// Waits for a named condition until a deadline. The error at the deadline says what was seen last.
import { LabError, messageOf } from './error.ts';

/** The result of one look: done with a value, or not yet with a reason. */
export type Seen<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly seen: string };

export const done = <T>(value: T): Seen<T> => ({ done: true, value });
export const notYet = (seen: string): Seen<never> => ({ done: false, seen });

export interface EventuallyOptions {
  readonly timeoutMs: number;
  /** The first pause between two looks. It grows by half each time, up to `maxIntervalMs`. */
  readonly intervalMs?: number;
  readonly maxIntervalMs?: number;
  readonly signal?: AbortSignal;
}

/** A look that does not return is given up this long after the deadline. */
const graceMs = 1000;

/**
 * Calls `look` until it is done, the last time at the deadline. A look that throws counts as not yet.
 * @param condition completes "Waited 5 s until …" in the error, e.g. "every node is Ready"
 * @throws LabError `LAB_TIMEOUT` with the last reason; the signal's reason when aborted
 */
export const eventually = async <T>(
  condition: string,
  look: () => Promise<Seen<T>> | Seen<T>,
  options: EventuallyOptions,
): Promise<T> => {
  const deadline = performance.now() + options.timeoutMs;
  let pause = options.intervalMs ?? 25;
  let seen = 'nothing, because the first look did not return';
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

/** The value of `promise`, or undefined after `milliseconds`. Rejects with the signal's reason when aborted. */
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
