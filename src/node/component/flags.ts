// Command lines as the originals take them: `--flag value`, `--flag=value`, `-v=4`, booleans without a value.
import { parseGoDuration } from '../../kit/duration.ts';

export interface FlagSpec {
  readonly type: 'string' | 'boolean' | 'int' | 'float' | 'list' | 'duration';
  /** As written on a command line; absent means unset. */
  readonly default?: string;
  /** What an unset flag amounts to, e.g. because a config file may say otherwise. Only printed; absent: the type's zero. */
  readonly unset?: string;
  readonly help: string;
  readonly short?: string;
  /** Heading in `--help`. */
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

/** By flag name. A flag that is neither given nor defaulted is undefined. Durations are milliseconds. */
export type Flags<S extends FlagSpecs> = { readonly [K in keyof S]: FlagValue<S[K]> | undefined };

/** The command line can't be understood. Its message is what the program prints. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** @throws FlagError on unknown flags, missing values, and values of the wrong type. */
export const parseFlags = <const S extends FlagSpecs>(specs: S, argv: readonly string[]): Flags<S> => {
  const given = collect(specs, argv);
  const result: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const texts = given.get(name) ?? (spec.default === undefined ? [] : [spec.default]);
    // The last one wins, but for lists, which grow: pflag's StringSlice.
    if (texts.length === 0) result[name] = undefined;
    else if (spec.type === 'list') result[name] = texts.flatMap((text) => (text === '' ? [] : text.split(',')));
    else result[name] = convert(name, spec, texts.at(-1) ?? '');
  }
  return result as Flags<S>;
};

/** Every flag's texts in the order given, as pflag reads them: `--flag value`, `--flag=value`, `-v=4`, `-v4`, `--proxy_mode`. */
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

/** As Go's `strconv.ParseBool` takes them. */
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
