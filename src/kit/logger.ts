// What a component writes to. The type only: the klog implementation lives with the components that run in nodes.

/** Structured, levelled logging with klog's verbosity. `info(0, …)` always shows; `info(4, …)` from `-v=4` on. */
export interface Logger {
  info(verbosity: number, message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, error?: unknown, fields?: LogFields): void;
  enabled(verbosity: number): boolean;
}

export type LogFields = Readonly<Record<string, unknown>>;
