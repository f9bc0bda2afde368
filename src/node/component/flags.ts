// Parses command lines as the original programs do: `--flag value`, `--flag=value`, `-v=4`, booleans without a value.
import { parseGoDuration } from '../../kit/duration.ts';

export interface FlagSpec {
  readonly type: 'string' | 'boolean' | 'int' | 'float' | 'list' | 'duration';
  /** As written on a command line. Absent: the flag has no default. */
  readonly default?: string;
  /** The effective value of an unset flag, for help and log only. Absent: the type's zero value. */
  readonly unset?: string;
  readonly help: string;
  readonly short?: string;
  /** The heading under which `--help` lists the flag. */
  readonly group?: string;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type FlagValue<S extends FlagSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'int' | 'float' | 'duration'
    ? number
    : S['type'] extends 'list'
      ? readonly string[]
      : string;

/** Values by flag name. A flag that is not given and has no default is undefined. Durations are milliseconds. */
export type Flags<S extends FlagSpecs> = { readonly [K in keyof S]: FlagValue<S[K]> | undefined };

/** The command line is invalid. The program prints the message. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** @throws FlagError on unknown flags, missing values and values of the wrong type */
export const parseFlags = <const S extends FlagSpecs>(specs: S, argv: readonly string[]): Flags<S> => {
  const given = collect(specs, argv);
  const result: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const texts = given.get(name) ?? (spec.default === undefined ? [] : [spec.default]);
    // The last value counts. Values of lists add up, as for pflag's StringSlice.
    if (texts.length === 0) result[name] = undefined;
    else if (spec.type === 'list') result[name] = texts.flatMap((text) => (text === '' ? [] : text.split(',')));
    else result[name] = convert(name, spec, texts.at(-1) ?? '');
  }
  return result as Flags<S>;
};

/** Flag → its texts in the given order. Accepts what pflag accepts, also `-v4` and `--proxy_mode`. */
const collect = (specs: FlagSpecs, argv: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const given = new Map<string, string[]>();
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const { name, spec, value } = recognise(specs, argument);
    const text = value ?? (spec.type === 'boolean' ? 'true' : rest.shift());
    if (text === undefined) throw new FlagError(`flag needs an argument: ${argument}`);
    given.set(name, [...(given.get(name) ?? []), text]);
  }
  return given;
};

const recognise = (specs: FlagSpecs, argument: string): { name: string; spec: FlagSpec; value: string | undefined } => {
  const match = /^(--?)([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(argument);
  if (!match) throw new FlagError(`unexpected argument: ${argument}`);
  const [, dashes, written = '', value] = match;
  const name = written.replaceAll('_', '-');
  const shorts = Object.entries(specs).map(([long, { short }]) => ({ long, short: short ?? long }));
  const attached = shorts.find(({ short }) => short.length === 1 && written.startsWith(short));
  const long = specs[name] ? name : shorts.find(({ short }) => short === name)?.long;
  const spec = specs[long ?? ''];
  if (long !== undefined && spec) return { name: long, spec, value };
  const attachedSpec = specs[attached?.long ?? ''];
  if (dashes === '-' && attached && attachedSpec)
    return { name: attached.long, spec: attachedSpec, value: argument.slice(2) };
  throw new FlagError(`unknown flag: ${dashes}${written}`);
};

/** The texts that Go's `strconv.ParseBool` accepts. */
const truths: ReadonlySet<string> = new Set(['true', 'True', 'TRUE', 't', 'T', '1']);
const untruths: ReadonlySet<string> = new Set(['false', 'False', 'FALSE', 'f', 'F', '0']);

const convert = (name: string, spec: FlagSpec, text: string): unknown => {
  switch (spec.type) {
    case 'string':
    case 'list':
      return text;
    case 'boolean':
      if (truths.has(text)) return true;
      if (untruths.has(text)) return false;
      throw invalid(name, text, 'true or false');
    case 'int':
      if (/^-?\d+$/.test(text)) return Number(text);
      throw invalid(name, text, 'a whole number');
    case 'float':
      if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
      throw invalid(name, text, 'a number');
    case 'duration': {
      const ms = parseGoDuration(text);
      if (ms !== undefined) return ms;
      throw invalid(name, text, 'a duration such as 30s or 1m30s');
    }
  }
};

const invalid = (name: string, text: string, right: string): FlagError =>
  new FlagError(`invalid argument "${text}" for "--${name}" flag: it must be ${right}`);

/** The value of a flag that has no sensible default. @throws FlagError if it is missing or empty */
export const requiredFlag = (flags: Readonly<Record<string, unknown>>, name: string): string => {
  const value = flags[name];
  if (typeof value !== 'string' || value === '') throw new FlagError(`--${name} is required`);
  return value;
};
