// Looks up one value of the configuration: from the flag, else the file, else the default. Remembers its source for
// error messages.
import type { Flags } from '../../component/flags.ts';
import { flagOfField } from './fields.ts';
import type { ConfigValue, ConfigValues } from './file.ts';
import type { flagSpecs } from './flags.ts';

export type ProxyFlags = Flags<typeof flagSpecs>;

/** Paths are those of the config file, for example `iptables.syncPeriod`. */
export interface Lookup {
  optional(path: string): ConfigValue | undefined;
  text(path: string, fallback: string): string;
  number(path: string, fallback: number): number;
  flag(path: string, fallback: boolean): boolean;
  texts(path: string): readonly string[];
  /** A number. Complains if it is outside of the range. */
  within(path: string, fallback: number, range: readonly [least: number, most: number]): number;
  /** Adds an error about a value, with its flag, or its line and field. */
  complain(path: string, problem: string): void;
  readonly complaints: readonly string[];
}

export const createLookup = (flags: ProxyFlags, file: ConfigValues): Lookup => {
  const given = flags as Readonly<Record<string, ConfigValue | undefined>>;
  const complaints: string[] = [];
  const ofFlag = (path: string): ConfigValue | undefined => given[flagOfField[path] ?? ''];
  const optional = (path: string): ConfigValue | undefined => ofFlag(path) ?? file.get(path);
  const origin = (path: string): string => {
    const flag = flagOfField[path];
    if (ofFlag(path) !== undefined) return `--${flag}`;
    const place = (file as { places?: ReadonlyMap<string, string> }).places?.get(path);
    if (place !== undefined) return `${place}: "${path}"`;
    return flag === undefined ? path : `${path} (--${flag})`;
  };
  const complain = (path: string, problem: string): void => void complaints.push(`${origin(path)}: ${problem}`);
  const number = (path: string, fallback: number): number => (optional(path) as number | undefined) ?? fallback;
  return {
    optional,
    text: (path, fallback) => (optional(path) as string | undefined) ?? fallback,
    number,
    flag: (path, fallback) => (optional(path) as boolean | undefined) ?? fallback,
    texts: (path) => (optional(path) as readonly string[] | undefined) ?? [],
    within: (path, fallback, [least, most]) => {
      const value = number(path, fallback);
      if (value < least || value > most) complain(path, `${value} is not within ${least} to ${most}`);
      return value;
    },
    complain,
    complaints,
  };
};
