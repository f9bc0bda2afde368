// The reconcile loop that every component uses: triggers collapse into one sync, and failures are retried with growing
// pauses.

export interface ReconcileOptions {
  /** Brings the world to the desired state. Runs at most once at a time. */
  readonly sync: (signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown, retryInMs: number) => void;
  readonly signal: AbortSignal;
  /** The minimum time between the starts of two syncs. Default 0. */
  readonly minIntervalMs?: number;
  /** The maximum time between two syncs, also without a trigger. Default: no maximum. */
  readonly maxIntervalMs?: number;
  /** The pause after the first failure. It doubles with each failure up to `maxBackoffMs`. Defaults: 100 and 10,000. */
  readonly backoffMs?: number;
  readonly maxBackoffMs?: number;
}

export interface Reconciler {
  /** Requests a sync. Triggers during a sync collapse into one more sync. */
  trigger(): void;
  /** Resolves when the signal has aborted and the loop has ended. */
  readonly stopped: Promise<void>;
}

/** Starts the loop. The first sync waits for the first trigger. */
export const startReconciler = (options: ReconcileOptions): Reconciler => {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let dirty = false;
  let running = false;
  let failures = 0;
  let lastStart = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const schedule = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(run, Math.max(0, delayMs));
  };
  const next = (): void => {
    const earliest = lastStart + (options.minIntervalMs ?? 0) - performance.now();
    if (options.signal.aborted) finish();
    else if (failures > 0) schedule(Math.max(earliest, backoff(options, failures)));
    else if (dirty) schedule(earliest);
    else if (options.maxIntervalMs !== undefined) schedule(lastStart + options.maxIntervalMs - performance.now());
  };
  const run = async (): Promise<void> => {
    running = true;
    dirty = false;
    lastStart = performance.now();
    try {
      await options.sync(options.signal);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!options.signal.aborted) options.onError(error, backoff(options, failures));
    }
    running = false;
    next();
  };
  const finish = (): void => {
    clearTimeout(timer);
    if (!running) stop();
  };
  if (options.signal.aborted) stop();
  else options.signal.addEventListener('abort', finish, { once: true });
  return {
    trigger() {
      const waiting = dirty || failures > 0;
      dirty = true;
      if (!running && !waiting && !options.signal.aborted) next();
    },
    stopped,
  };
};

const backoff = (options: ReconcileOptions, failures: number): number =>
  Math.min((options.backoffMs ?? 100) * 2 ** (failures - 1), options.maxBackoffMs ?? 10_000);
