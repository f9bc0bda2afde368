// Parses the text of a KubeProxyConfiguration into values by path, or into all its errors with their lines.

import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { kubeProxyConfigVersion } from '../../../api/version.ts';
import { parseGoDuration } from '../../../kit/duration.ts';
import { configFields, type FieldType, type Section } from './fields.ts';

export type ConfigValue = string | number | boolean | readonly string[];

/**
 * Path such as `iptables.syncPeriod` → value. Durations are milliseconds. The content of fields of type map is not
 * checked.
 */
export type ConfigValues = ReadonlyMap<string, ConfigValue>;

/** Values and their places, such as `config.yaml:7`. */
export class ConfigFile extends Map<string, ConfigValue> {
  readonly places = new Map<string, string>();
}

/** The errors of a configuration, one per line of the message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * @param name the file's name, for messages
 * @throws ConfigError with the line and field of every error
 */
export const parseConfig = (text: string, name: string): ConfigFile => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const lineAt = (offset: number): string => `${name}:${lines.linePos(offset).line}`;
  const errors = document.errors.map(({ message, pos }) => `${lineAt(pos[0])}: ${plain(message)}`);
  const values = new ConfigFile();
  const at = (node: unknown): string => {
    const range = (node as { range?: [number, number, number] } | null)?.range;
    return range ? lineAt(range[0]) : name;
  };
  if (isMap(document.contents)) walk(document.contents, configFields, '', { values, errors, at });
  else if (errors.length === 0) errors.push(`${name}: this is not a KubeProxyConfiguration`);
  if (errors.length === 0) checkKind(values, name, errors);
  if (errors.length > 0) throw new ConfigError(errors.join('\n'));
  return values;
};

/** Removes the position and the excerpt that the YAML parser appends. */
const plain = (message: string): string => (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');

interface Walk {
  readonly values: ConfigFile;
  readonly errors: string[];
  readonly at: (node: unknown) => string;
}

const walk = (map: YAMLMap, section: Section, prefix: string, out: Walk): void => {
  const seen = new Set<string>();
  for (const { key, value } of map.items) {
    const field = String(isScalar(key) ? key.value : key);
    const path = prefix + field;
    const type = Object.hasOwn(section, field) ? section[field] : undefined;
    if (seen.has(field)) out.errors.push(`${out.at(key)}: "${path}" stands here a second time`);
    else if (type === undefined) out.errors.push(`${out.at(key)}: unknown field "${path}"`);
    else if (value === null || (isScalar(value) && value.value === null)) continue;
    else if (typeof type === 'string') readValue(value, type, path, out);
    else if (isMap(value)) walk(value, type, `${path}.`, out);
    else out.errors.push(`${out.at(value)}: "${path}" must have fields of its own`);
    seen.add(field);
  }
};

const readValue = (node: unknown, type: FieldType, path: string, out: Walk): void => {
  const written = isScalar(node) ? node.value : isSeq(node) || isMap(node) ? node.toJSON() : undefined;
  const parsed = parseValue(type, written);
  if (parsed === undefined) {
    out.errors.push(`${out.at(node)}: "${path}" must be ${wording[type]}, not ${JSON.stringify(written)}`);
    return;
  }
  out.values.set(path, parsed);
  out.values.places.set(path, out.at(node));
};

const checkKind = (values: ConfigValues, name: string, errors: string[]): void => {
  const [apiVersion, kind] = [values.get('apiVersion'), values.get('kind')];
  if (apiVersion !== kubeProxyConfigVersion || kind !== 'KubeProxyConfiguration') {
    errors.push(
      `${name}: apiVersion must be ${kubeProxyConfigVersion} and kind KubeProxyConfiguration, not ${String(apiVersion)} and ${String(kind)}`,
    );
  }
};

const wording: Readonly<Record<FieldType, string>> = {
  string: 'a string',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  duration: 'a duration such as 30s or 1m30s',
  flexibleDuration: 'a duration such as 30s, or a number of nanoseconds',
  strings: 'a list of strings',
  map: 'a map',
  switches: 'a map of names to true or false',
  vmodule: 'a list of filePattern and verbosity',
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseValue = (type: FieldType, value: unknown): ConfigValue | undefined => {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'int':
      return Number.isInteger(value) ? (value as number) : undefined;
    case 'number':
      return typeof value === 'number' ? value : undefined;
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
    case 'duration':
      return value === 0 ? 0 : typeof value === 'string' ? parseGoDuration(value) : undefined;
    case 'flexibleDuration':
      return Number.isInteger(value) ? (value as number) / 1e6 : parseValue('duration', value);
    case 'map':
      return isRecord(value) ? '' : undefined;
    case 'switches':
      return isRecord(value) && Object.values(value).every((item) => typeof item === 'boolean')
        ? Object.entries(value).map(([name, on]) => `${name}=${on}`)
        : undefined;
    case 'vmodule':
      return parseVmodule(value);
  }
};

/** @returns the form of the flag: `proxier=4,config=2` */
const parseVmodule = (value: unknown): string | undefined => {
  if (!Array.isArray(value)) return undefined;
  const parts = value.map((item: unknown) => {
    if (!isRecord(item) || Object.keys(item).length !== 2) return undefined;
    const { filePattern, verbosity } = item;
    return typeof filePattern === 'string' && Number.isInteger(verbosity) ? `${filePattern}=${verbosity}` : undefined;
  });
  return parts.includes(undefined) ? undefined : parts.join(',');
};
