// A reconcile loop with keys, for controllers. A key that fails waits for its retry, and does not delay other keys.
import { startReconciler } from '../../kit/reconcile.ts';

export interface QueueOptions {
  /** Brings one object to its desired state. Runs at most once at a time per key. */
  readonly sync: (key: string, signal: AbortSignal) => Promise<void>;
  readonly onError: (key: string, error: unknown, retryInMs: number) => void;
  readonly signal: AbortSignal;
  /**
   * The pause after a key's first failure. It doubles with each failure up to `maxBackoffMs`. Defaults: 20 and 10,000.
   */
  readonly backoffMs?: number;
  readonly maxBackoffMs?: number;
}

export interface Queue {
  /** Requests a sync of the key. Requests before the sync starts collapse into one. */
  add(key: string): void;
  /** Requests a sync after a delay. If the key already waits for an earlier time, that time stays. */
  addAfter(key: string, delayMs: number): void;
  /** Resolves when the signal has aborted and the loop has ended. */
  readonly stopped: Promise<void>;
}

/** Starts the loop. Keys that are due at the same time run concurrently. */
export const startQueue = (options: QueueOptions): Queue => {
  const { sync, onError, signal, backoffMs = 20, maxBackoffMs = 10_000 } = options;
  let due = new Set<string>();
  const failures = new Map<string, number>();
  const later = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();

  const addAfter = (key: string, delayMs: number): void => {
    if (signal.aborted) return;
    const at = performance.now() + delayMs;
    const waiting = later.get(key);
    if (waiting && waiting.at <= at) return;
    clearTimeout(waiting?.timer);
    // A Node timer of more than 2^31 - 1 ms overflows and fires at once.
    const timer = setTimeout(() => add(key), Math.min(delayMs, 2 ** 31 - 1));
    later.set(key, { at, timer });
  };
  const add = (key: string): void => {
    clearTimeout(later.get(key)?.timer);
    later.delete(key);
    due.add(key);
    loop.trigger();
  };
  const runOne = async (key: string): Promise<void> => {
    try {
      await sync(key, signal);
      failures.delete(key);
    } catch (error) {
      if (signal.aborted) return;
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      const retryInMs = Math.min(backoffMs * 2 ** count, maxBackoffMs);
      onError(key, error, retryInMs);
      addAfter(key, retryInMs);
    }
  };
  const loop = startReconciler({
    sync: async () => {
      const batch = due;
      due = new Set();
      await Promise.all([...batch].map(runOne));
    },
    onError: (error) => onError('', error, 0),
    signal,
  });
  const forget = (): void => {
    for (const { timer } of later.values()) clearTimeout(timer);
  };
  signal.addEventListener('abort', forget, { once: true });
  return { add, addAfter, stopped: loop.stopped };
};
