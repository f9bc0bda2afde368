// Writes a component's log in klog's format, `I1123 06:31:46.123456    1234 proxier.go:123] "Message" key="value"`, or
// as JSON.
import { openSync, writeSync } from 'node:fs';
import { messageOf } from '../../kit/error.ts';
import type { LogFields, Logger } from '../../kit/logger.ts';

export interface KlogOptions {
  /** klog's `-v`. */
  readonly verbosity: number;
  /** klog's `--vmodule`: verbosity by the source's name without its extension. `*` and `?` are wildcards. */
  readonly vmodule?: ReadonlyMap<string, number>;
  /** Default text. */
  readonly format?: 'text' | 'json';
  /** klog's `--log-file`: a file to append each line to. */
  readonly file?: string;
  /** The source in each line's header, e.g. `proxier`, or a function from message and fields to the source. */
  readonly source: string | ((message: string, fields: LogFields) => string);
  /**
   * Whether lines also go to standard error. Default true. False is klog's `--log-file` without `--alsologtostderr`.
   */
  readonly stderr?: boolean;
}

interface Line {
  readonly severity: 'I' | 'W' | 'E';
  readonly verbosity: number;
  readonly source: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger in the format of klog v2 (k8s.io/klog, "structured logging"). */
export const createKlog = (options: KlogOptions): Logger => {
  // Lines are written synchronously, so that the last lines before a crash are not lost.
  const file = options.file === undefined ? undefined : openSync(options.file, 'a');
  const render = options.format === 'json' ? renderJson : renderText;
  const sourceOf = (message: string, fields: LogFields): string =>
    typeof options.source === 'string' ? options.source : options.source(message, fields);
  const limitOf = createLimits(options);
  const write = (severity: Line['severity'], verbosity: number, message: string, fields: LogFields): void => {
    const line = `${render({ severity, verbosity, source: sourceOf(message, fields), message, fields })}\n`;
    if (options.stderr !== false) process.stderr.write(line);
    if (file !== undefined) appendTo(file, line);
  };
  const most = Math.max(options.verbosity, ...(options.vmodule?.values() ?? []));
  return {
    // True if any source has this verbosity. The source of a line is known only when the line is written.
    enabled: (verbosity) => verbosity <= most,
    info(verbosity, message, fields = {}) {
      if (verbosity <= most && verbosity <= limitOf(() => sourceOf(message, fields)))
        write('I', verbosity, message, fields);
    },
    warning: (message, fields = {}) => write('W', 0, message, fields),
    error: (message, error, fields = {}) =>
      write('E', 0, message, error === undefined ? fields : { err: messageOf(error), ...fields }),
  };
};

const createLimits = ({ verbosity, vmodule }: KlogOptions): ((source: () => string) => number) => {
  const patterns = [...(vmodule ?? [])].map(([pattern, limit]) => ({ pattern: globToRegExp(pattern), limit }));
  if (patterns.length === 0) return () => verbosity;
  return (source) => {
    const name = source().replace(/\.\w+(:\d+)?$/, '');
    return patterns.find(({ pattern }) => pattern.test(name))?.limit ?? verbosity;
  };
};

const globToRegExp = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

/** Ignores errors, because a full disk must not stop the component. */
const appendTo = (file: number, line: string): void => {
  try {
    writeSync(file, line);
  } catch {}
};

const renderText = ({ severity, source, message, fields }: Line): string =>
  `${header(severity, source)}] ${quoteUnlessPlain(message)}${formatFields(fields)}`;

const header = (severity: string, source: string): string => {
  const micros = wallMicros();
  const now = new Date(Math.floor(micros / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(now.getUTCMonth() + 1)}${two(now.getUTCDate())}`;
  const time = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())}`;
  const fraction = String(micros % 1_000_000).padStart(6, '0');
  return `${severity}${date} ${time}.${fraction} ${String(process.pid).padStart(7)} ${source}`;
};

/**
 * Microseconds since 1970. `performance` is more precise but ignores changes of the system time. If the two clocks
 * differ, the system time is used.
 */
const wallMicros = (): number => {
  const precise = performance.timeOrigin + performance.now();
  const now = Date.now();
  return Math.floor((Math.abs(precise - now) < 2 ? precise : now) * 1000);
};

/** The `FLAG:` lines of the originals have no quotes, because they are older than structured logging. */
const quoteUnlessPlain = (text: string): string => (text.startsWith('FLAG: ') ? text : quote(text));

const quote = (text: string): string => JSON.stringify(text);

const formatFields = (fields: LogFields): string =>
  Object.entries(fields)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join('');

/** klog quotes strings and errors. Other values are written as JSON. */
const formatValue = (value: unknown): string => {
  if (typeof value === 'string') return quote(value);
  if (value instanceof Error) return quote(value.message);
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value) ?? 'null';
};

/** The format of `--logging-format=json`: `ts` in milliseconds, `v` on information lines only. */
const renderJson = ({ severity, verbosity, source, message, fields }: Line): string =>
  JSON.stringify({
    ts: wallMicros() / 1000,
    caller: source,
    msg: message,
    ...(severity === 'I' ? { v: verbosity } : severity === 'W' ? { level: 'warning' } : {}),
    ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, jsonValue(value)])),
  });

const jsonValue = (value: unknown): unknown =>
  value instanceof Error ? value.message : typeof value === 'bigint' ? String(value) : value;
