// Ctrl-C: the first press cancels the work, and labs cleans up. Each further press only prints a remark.

export interface Interrupt {
  readonly signal: AbortSignal;
  readonly pressed: boolean;
  /** Does what Ctrl-C does. For prompts, which read the key themselves. */
  cancel(): void;
  /** Stops listening: from now on, the program that labs runs handles Ctrl-C. */
  release(): void;
  /** Listens again, after that program has ended. */
  listen(): void;
}

export interface InterruptWords {
  readonly cancelling: string;
  readonly stillCleaning: string;
}

/** Listens on `source` (the process) for SIGINT, SIGTERM and SIGHUP. */
export const listenForInterrupt = (
  source: NodeJS.EventEmitter,
  note: (text: string) => void,
  words: () => InterruptWords,
): Interrupt => {
  const abort = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => {
    note(abort.signal.aborted ? words().stillCleaning : words().cancelling);
    abort.abort(new DOMException('interrupted', 'AbortError'));
  };
  const release = (): void => {
    for (const signal of signals) source.off(signal, onSignal);
  };
  const listen = (): void => {
    release();
    for (const signal of signals) source.on(signal, onSignal);
  };
  listen();
  return {
    signal: abort.signal,
    cancel: () => abort.abort(new DOMException('interrupted', 'AbortError')),
    get pressed() {
      return abort.signal.aborted;
    },
    release,
    listen,
  };
};
