// The log that components write to. Only the type is here; src/node/component/klog.ts implements it.

/** A structured log with klog's verbosity: `info(0, …)` is always shown, `info(4, …)` with `-v=4` and higher. */
export interface Logger {
  info(verbosity: number, message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, error?: unknown, fields?: LogFields): void;
  enabled(verbosity: number): boolean;
}

export type LogFields = Readonly<Record<string, unknown>>;
