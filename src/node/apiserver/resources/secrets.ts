// Secrets: base64 values. `stringData` is encoded and merged into `data`.
import type { Secret } from '../../../api/core.ts';
import { secrets } from '../../../api/resources.ts';
import { invalidValue } from '../validation/field.ts';
import { immutableProblem } from '../validation/values.ts';
import { ageOf } from './cells.ts';
import { sizeOf, validateImmutable, validateKeys } from './data.ts';
import type { Definition } from './definition.ts';

export const secretDefinition: Definition<Secret> = {
  resource: secrets,
  fieldSelectors: ['type'],
  explanations: {
    'core.v1.Secret': { '': 'Like a ConfigMap, for confidential values. They are base64-encoded, not encrypted.' },
  },
  columns: ['Name', 'Type', 'Data', 'Age'],
  cells: ({ metadata, type, data }) => [metadata.name, type ?? '', sizeOf(data), ageOf(metadata.creationTimestamp)],
  setDefaults: (secret) => {
    secret.type ??= 'Opaque';
    if (!secret.stringData) return;
    const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret.stringData;
  },
  validate: ({ data }) => validateKeys(data, 'data'),
  validateUpdate: (next, current) => [
    ...(next.type === current.type ? [] : [invalidValue('type', next.type, immutableProblem)]),
    ...validateImmutable(next, current),
  ],
};
