// Holds back the lines of a log until `release`, so that two parts which start at the same time log one after the
// other.
import type { Logger } from '../../kit/logger.ts';

export interface HeldLog extends Logger {
  /** Writes the held lines. From then on, each line is written at once. */
  release(): void;
}

/** Warnings and errors are not held back. */
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
