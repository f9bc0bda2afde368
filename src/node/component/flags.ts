// Command lines as the originals take them: `--flag value`, `--flag=value`, `-v=4`, booleans without a value.
import { parseArgs } from 'node:util';

export interface FlagSpec {
  readonly type: 'string' | 'boolean' | 'int' | 'list' | 'duration';
  /** As written on a command line; absent means unset. */
  readonly default?: string;
  readonly help: string;
  readonly short?: string;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type FlagValue<S extends FlagSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'int' | 'duration'
    ? number
    : S['type'] extends 'list'
      ? readonly string[]
      : string;

/** By flag name. A flag that is neither given nor defaulted is undefined. Durations are milliseconds. */
export type Flags<S extends FlagSpecs> = { readonly [K in keyof S]: FlagValue<S[K]> | undefined };

/** The command line can't be understood. Its message is what the program prints. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** @throws FlagError on unknown flags, missing values, and values of the wrong type. */
export const parseFlags = <const S extends FlagSpecs>(specs: S, argv: readonly string[]): Flags<S> => {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      { type: 'string' as const, ...(spec.short ? { short: spec.short } : {}) },
    ]),
  );
  const { values } = parse(normalise(specs, argv), options);
  const result: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const text = values[name] ?? spec.default;
    result[name] = text === undefined ? undefined : convert(name, spec, text);
  }
  return result as Flags<S>;
};

/** One line per flag, for `--help`. */
export const describeFlags = (specs: FlagSpecs): string =>
  Object.entries(specs)
    .map(([name, { type, help, default: fallback, short }]) => {
      const flag = `${short ? `-${short}, ` : '    '}--${name}${type === 'boolean' ? '' : ` ${type}`}`;
      return `  ${flag}\n          ${help}${fallback === undefined ? '' : ` (default ${fallback})`}`;
    })
    .join('\n');

const parse = (args: string[], options: Record<string, { type: 'string'; short?: string }>) => {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FlagError(message.replace(/Unknown option '(-+[^']+)'.*/s, 'unknown flag: $1'), { cause });
  }
};

/** Gives booleans a value, and rewrites `-v=4` and single-dash long flags as pflag and Go's flag package accept them. */
const normalise = (specs: FlagSpecs, argv: readonly string[]): string[] => {
  const shorts = new Map(Object.entries(specs).flatMap(([name, { short }]) => (short ? [[short, name] as const] : [])));
  return argv.map((argument) => {
    const match = /^(--?)([A-Za-z][\w-]*)(=.*)?$/s.exec(argument);
    if (!match) return argument;
    const [, , name = '', value = ''] = match;
    const long = shorts.get(name) ?? name;
    const spec = specs[long];
    if (!spec) return argument;
    return spec.type === 'boolean' && value === '' ? `--${long}=true` : `--${long}${value}`;
  });
};

const convert = (name: string, spec: FlagSpec, text: string): unknown => {
  switch (spec.type) {
    case 'string':
      return text;
    case 'list':
      return text === '' ? [] : text.split(',');
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw invalid(name, text, 'true or false');
    case 'int':
      if (/^-?\d+$/.test(text)) return Number(text);
      throw invalid(name, text, 'a whole number');
    case 'duration':
      return parseDuration(name, text);
  }
};

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, ns: 0.000001 };

/** Go's time.ParseDuration: `1h15m`, `30s`, `1.5s`, `100ms`, `0`. Milliseconds. */
const parseDuration = (name: string, text: string): number => {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|ns))+$/.test(text)) throw invalid(name, text, 'a duration such as 30s or 1m30s');
  let sum = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g))
    sum += Number(value) * (unitMs[unit ?? ''] ?? 0);
  return sum;
};

const invalid = (name: string, text: string, right: string): FlagError =>
  new FlagError(`invalid argument "${text}" for "--${name}" flag: it must be ${right}`);
