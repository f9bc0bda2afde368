// The text of a KubeProxyConfiguration → values by path, or every error in it with its line.
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { configFields, type FieldType, type Section } from './config-fields.ts';

export type ConfigValue = string | number | boolean | readonly string[];

/** By path, e.g. `iptables.syncPeriod`. Durations are milliseconds. Fields of type map are checked for being maps only. */
export type ConfigValues = ReadonlyMap<string, ConfigValue>;

/** What is wrong with a config file: one line per error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * @param name of the file, for messages
 * @throws ConfigError naming the line and the field of every mistake
 */
export const parseConfig = (text: string, name: string): ConfigValues => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const errors = document.errors.map(({ message }) => `${name}: ${message.split('\n')[0] ?? ''}`);
  const values = new Map<string, ConfigValue>();
  const at = (node: unknown): string => {
    const range = (node as { range?: [number, number, number] } | null)?.range;
    return range ? `${name}:${lines.linePos(range[0]).line}` : name;
  };
  if (isMap(document.contents)) walk(document.contents, configFields, '', { values, errors, at });
  else if (errors.length === 0) errors.push(`${name}: this is not a KubeProxyConfiguration`);
  if (errors.length === 0) checkKind(values, name, errors);
  if (errors.length > 0) throw new ConfigError(errors.join('\n'));
  return values;
};

interface Walk {
  readonly values: Map<string, ConfigValue>;
  readonly errors: string[];
  readonly at: (node: unknown) => string;
}

const walk = (map: YAMLMap, section: Section, prefix: string, out: Walk): void => {
  for (const { key, value } of map.items) {
    const field = String(isScalar(key) ? key.value : key);
    const path = prefix + field;
    const type = Object.hasOwn(section, field) ? section[field] : undefined;
    if (type === undefined) out.errors.push(`${out.at(key)}: unknown field "${path}"`);
    else if (value === null || (isScalar(value) && value.value === null)) continue;
    else if (typeof type !== 'string') {
      if (isMap(value)) walk(value, type, `${path}.`, out);
      else out.errors.push(`${out.at(value)}: "${path}" must have fields of its own`);
    } else if (type === 'map') continue;
    else {
      const parsed = parseValue(type, isScalar(value) ? value.value : isSeq(value) ? value.toJSON() : undefined);
      if (parsed === undefined) out.errors.push(`${out.at(value)}: "${path}" must be ${wording[type]}`);
      else out.values.set(path, parsed);
    }
  }
};

const checkKind = (values: ConfigValues, name: string, errors: string[]): void => {
  const [apiVersion, kind] = [values.get('apiVersion'), values.get('kind')];
  if (apiVersion !== 'kubeproxy.config.k8s.io/v1alpha1' || kind !== 'KubeProxyConfiguration') {
    errors.push(
      `${name}: apiVersion must be kubeproxy.config.k8s.io/v1alpha1 and kind KubeProxyConfiguration, not ${String(apiVersion)} and ${String(kind)}`,
    );
  }
};

const wording: Readonly<Record<FieldType, string>> = {
  string: 'a string',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  duration: 'a duration such as 30s or 1m30s',
  strings: 'a list of strings',
  map: 'a map',
};

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
    case 'map':
      return undefined;
  }
};

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, ns: 0.000001 };

/** Milliseconds. */
const parseGoDuration = (text: string): number | undefined => {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|ns))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)];
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (unitMs[unit ?? ''] ?? 0), 0);
};
