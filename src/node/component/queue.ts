// A reconcile loop per key, as controllers need it: one object that fails backs off alone and holds up no other.
import { startReconciler } from '../../kit/reconcile.ts';

export interface QueueOptions {
  /** Brings one object to its desired state. Never runs twice at once for the same key. */
  readonly sync: (key: string, signal: AbortSignal) => Promise<void>;
  readonly onError: (key: string, error: unknown, retryInMs: number) => void;
  readonly signal: AbortSignal;
  /** First back-off of a key after a failure, doubled each time. Defaults 20 and 10,000. */
  readonly backoffMs?: number;
  readonly maxBackoffMs?: number;
}

export interface Queue {
  /** Asks for a sync of the key; repeats before it starts collapse into one. */
  add(key: string): void;
  /** Asks for a sync at a later time; an earlier such time for the key wins. */
  addAfter(key: string, delayMs: number): void;
  /** Resolves once the loop has ended after its signal aborted. */
  readonly stopped: Promise<void>;
}

/** Starts the loop. Keys that are due together run side by side. */
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
    // Node's timers overflow past 2^31 ms and would then fire at once.
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
