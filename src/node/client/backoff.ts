// The pause before the next attempt: it doubles up to a maximum. Jitter keeps nodes from retrying at the same moment.
import { setTimeout as delay } from 'node:timers/promises';

export interface Backoff {
  /** Waits for the next pause, at least `leastMs`. Rejects with the signal's reason when aborted. */
  wait(signal: AbortSignal, leastMs?: number): Promise<void>;
  reset(): void;
}

export const createBackoff = (firstMs: number, maxMs: number): Backoff => {
  let failures = 0;
  return {
    wait: async (signal, leastMs = 0) => {
      const pause = Math.max(Math.min(firstMs * 2 ** failures, maxMs), leastMs);
      failures += 1;
      await delay(pause * (leastMs > 0 ? 1 + Math.random() / 4 : 0.75 + Math.random() / 2), undefined, { signal });
    },
    reset: () => {
      failures = 0;
    },
  };
};
