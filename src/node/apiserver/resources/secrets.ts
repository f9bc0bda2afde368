// Secrets: base64 values. `stringData` is encoded and merged into `data`.
import type { Secret } from '../../../api/core.ts';
import { secrets } from '../../../api/resources.ts';
import { messageOf } from '../../../kit/error.ts';
import { type FieldError, invalidValue, required, tooLong } from '../validation/field.ts';
import { immutableProblem } from '../validation/values.ts';
import { ageOf } from './cells.ts';
import { dataLimit, sizeOf, validateImmutable, validateKeys } from './data.ts';
import type { Definition } from './definition.ts';

const validateSize = ({ data = {} }: Secret): FieldError[] => {
  const size = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  return size > dataLimit ? [tooLong('data', dataLimit)] : [];
};

const needed = (key: string): FieldError => required(`data[${key}]`);

/** Each type has keys that its readers need. */
const validateType = (secret: Secret): FieldError[] => {
  const { type, data = {}, metadata } = secret;
  const has = (key: string): boolean => data[key] !== undefined;
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const annotation = 'kubernetes.io/service-account.name';
      return metadata.annotations?.[annotation] ? [] : [required(`metadata.annotations[${annotation}]`)];
    }
    case 'kubernetes.io/dockercfg':
      return validateJson(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return validateJson(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      return has('username') || has('password') ? [] : [needed('username'), needed('password')];
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [needed('ssh-privatekey')];
    case 'kubernetes.io/tls':
      return ['tls.crt', 'tls.key'].filter((key) => !has(key)).map(needed);
    default:
      return [];
  }
};

const validateJson = (data: Record<string, string>, key: string): FieldError[] => {
  const content = data[key];
  if (content === undefined) return [needed(key)];
  try {
    JSON.parse(Buffer.from(content, 'base64').toString());
    return [];
  } catch (error) {
    return [invalidValue(`data[${key}]`, '<secret contents redacted>', messageOf(error))];
  }
};

export const secretDefinition: Definition<Secret> = {
  resource: secrets,
  fieldSelectors: ['type'],
  explanations: {
    'core.v1.Secret': { '': 'Like a ConfigMap, for confidential values. They are base64-encoded, not encrypted.' },
  },
  columns: ['Name', 'Type', 'Data', 'Age'],
  cells: ({ metadata, type, data }) => [metadata.name, type ?? '', sizeOf(data), ageOf(metadata.creationTimestamp)],
  setDefaults: (secret) => {
    secret.type ||= 'Opaque';
    if (!secret.stringData) return;
    const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret.stringData;
  },
  validate: (secret) => [...validateKeys(secret.data, 'data'), ...validateSize(secret), ...validateType(secret)],
  validateUpdate: (next, current) => [
    ...(next.type === current.type ? [] : [invalidValue('type', next.type, immutableProblem)]),
    ...validateImmutable(next, current),
  ],
};
