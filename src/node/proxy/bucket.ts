// Limits the rate of syncs: a few without delay, then one per period.
import { setTimeout as delay } from 'node:timers/promises';

export interface Bucket {
  /** Takes one token, and waits while there is none. Rejects with the signal's reason when aborted. */
  take(signal: AbortSignal): Promise<void>;
}

/**
 * A token bucket, like that of the original's BoundedFrequencyRunner.
 * @param refillMs milliseconds until the next token; called each time, because the period may change
 */
export const createBucket = (burst: number, refillMs: () => number): Bucket => {
  let tokens = burst;
  let updated = performance.now();
  const refill = (): void => {
    const now = performance.now();
    const period = refillMs();
    tokens = period <= 0 ? burst : Math.min(burst, tokens + (now - updated) / period);
    updated = now;
  };
  return {
    async take(signal) {
      refill();
      while (tokens < 1) {
        await delay(Math.max(1, (1 - tokens) * refillMs()), undefined, { signal });
        refill();
      }
      tokens -= 1;
    },
  };
};
