// How long to wait before the next attempt: doubling, capped, with jitter so that nodes don't come back in step.
import { setTimeout as delay } from 'node:timers/promises';

export interface Backoff {
  /** Waits for the next pause; rejects with the signal's reason when aborted. */
  wait(signal: AbortSignal): Promise<void>;
  reset(): void;
}

export const createBackoff = (firstMs: number, maxMs: number): Backoff => {
  let failures = 0;
  return {
    wait: async (signal) => {
      const pause = Math.min(firstMs * 2 ** failures, maxMs);
      failures += 1;
      await delay(pause * (0.75 + Math.random() / 2), undefined, { signal });
    },
    reset: () => {
      failures = 0;
    },
  };
};
