// A log that keeps its lines until it is their turn: what starts side by side is then told in one order. Trouble is told at once.
import type { Logger } from '../../kit/logger.ts';

export interface HeldLog extends Logger {
  /** Writes what was kept, and from then on everything at once. */
  release(): void;
}

export const holdLog = (log: Logger): HeldLog => {
  let kept: (() => void)[] | undefined = [];
  const say = (line: () => void): void => {
    if (kept) kept.push(line);
    else line();
  };
  return {
    enabled: (verbosity) => log.enabled(verbosity),
    info: (verbosity, message, fields) => {
      if (log.enabled(verbosity)) say(() => log.info(verbosity, message, fields));
    },
    warning: log.warning,
    error: log.error,
    release: () => {
      const lines = kept ?? [];
      kept = undefined;
      for (const line of lines) line();
    },
  };
};
