// Ctrl-C: the first press cancels the work and lets it clean up; later ones say that it still does.

export interface Interrupt {
  readonly signal: AbortSignal;
  readonly pressed: boolean;
  /** What Ctrl-C does, for prompts that read the key themselves. */
  cancel(): void;
  /** Takes the keyboard away from Ctrl-C handling for as long as a program of the user's own runs. */
  release(): void;
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
  for (const signal of signals) source.on(signal, onSignal);
  return {
    signal: abort.signal,
    cancel: () => abort.abort(new DOMException('interrupted', 'AbortError')),
    get pressed() {
      return abort.signal.aborted;
    },
    release() {
      for (const signal of signals) source.off(signal, onSignal);
    },
  };
};
