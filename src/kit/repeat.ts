// Looks again and again until something is as wanted, and keeps the last look.
import { setTimeout as delay } from 'node:timers/promises';

export interface RepeatOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A look is never given up, however slow the machine is: what it saw is the result. The last one begins after the time
 * is over, so what is not as wanted then has not been for so long.
 */
export const repeatUntil = async <T>(
  look: () => Promise<T>,
  wanted: (seen: T) => boolean,
  { timeoutMs, signal }: RepeatOptions,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 500)) {
    const isLast = performance.now() >= deadline;
    const seen = await look();
    if (wanted(seen) || isLast) return seen;
    await delay(Math.min(pause, Math.max(0, deadline - performance.now())), undefined, { signal });
  }
};
