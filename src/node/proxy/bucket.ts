// How soon one sync may follow another: a few at once, then spaced.
import { setTimeout as delay } from 'node:timers/promises';

export interface Bucket {
  /** Takes one token; waits for it where there is none. Rejects with the signal's reason when aborted. */
  take(signal: AbortSignal): Promise<void>;
}

/**
 * A token bucket, as the original's BoundedFrequencyRunner has one.
 * @param refillMs asked anew each time: how long one token takes to come back
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
