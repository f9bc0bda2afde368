// The components' log, in klog's format: `I1123 06:31:46.123456    1234 proxier.go:123] "Message" key="value"`.
import { openSync, writeSync } from 'node:fs';
import { messageOf } from '../../kit/error.ts';
import type { LogFields, Logger } from '../../kit/logger.ts';

export interface KlogOptions {
  /** klog's `-v`. */
  readonly verbosity: number;
  /** klog's `--log-file`: appended to, beside standard error. */
  readonly file?: string;
  /** The source named in each line's header, e.g. `proxier`, or which one by a line's message. */
  readonly source: string | ((message: string) => string);
  /** Whether lines go to standard error too. Default true; klog's `--log-file` without `--alsologtostderr` says false. */
  readonly stderr?: boolean;
}

/** Writes structured lines as klog v2 does (k8s.io/klog, "structured logging"). */
export const createKlog = (options: KlogOptions): Logger => {
  // Written at once, not through a stream: the last words of a component that ends matter most.
  const file = options.file === undefined ? undefined : openSync(options.file, 'a');
  const write = (severity: 'I' | 'W' | 'E', message: string, fields: LogFields): void => {
    const source = typeof options.source === 'string' ? options.source : options.source(message);
    const line = `${header(severity, source)}] ${quote(message)}${formatFields(fields)}\n`;
    if (options.stderr !== false) process.stderr.write(line);
    if (file !== undefined) appendTo(file, line);
  };
  return {
    enabled: (verbosity) => verbosity <= options.verbosity,
    info(verbosity, message, fields = {}) {
      if (verbosity <= options.verbosity) write('I', message, fields);
    },
    warning: (message, fields = {}) => write('W', message, fields),
    error: (message, error, fields = {}) =>
      write('E', message, error === undefined ? fields : { err: messageOf(error), ...fields }),
  };
};

/** A full disk must not stop the component; standard error has the line all the same. */
const appendTo = (file: number, line: string): void => {
  try {
    writeSync(file, line);
  } catch {}
};

const header = (severity: string, source: string): string => {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(now.getUTCMonth() + 1)}${two(now.getUTCDate())}`;
  const time = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())}`;
  const micros = String(now.getUTCMilliseconds() * 1000).padStart(6, '0');
  return `${severity}${date} ${time}.${micros} ${String(process.pid).padStart(7)} ${source}`;
};

const quote = (text: string): string => JSON.stringify(text);

const formatFields = (fields: LogFields): string =>
  Object.entries(fields)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join('');

/** klog quotes strings, errors and what has a String method, and writes the rest as it stands. */
const formatValue = (value: unknown): string => {
  if (typeof value === 'string') return quote(value);
  if (value instanceof Error) return quote(value.message);
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value) ?? 'null';
};
