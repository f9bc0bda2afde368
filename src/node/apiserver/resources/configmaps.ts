// ConfigMaps: keys and values.
import type { ConfigMap } from '../../../api/core.ts';
import { configMaps } from '../../../api/resources.ts';
import { type FieldError, invalidValue, tooLong } from '../validation/field.ts';
import { ageOf } from './cells.ts';
import { dataLimit, sizeOf, validateImmutable, validateKeys } from './data.ts';
import type { Definition } from './definition.ts';

const validateData = ({ data, binaryData = {} }: ConfigMap): FieldError[] => [
  ...validateKeys(data, 'data'),
  ...Object.keys(data ?? {})
    .filter((key) => Object.hasOwn(binaryData, key))
    .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
  ...validateKeys(binaryData, 'binaryData'),
];

const validateSize = ({ data = {}, binaryData = {} }: ConfigMap): FieldError[] => {
  const text = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  const binary = Object.values(binaryData).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  // The original's error has this field, because it is about the whole object.
  return text + binary > dataLimit ? [tooLong('[]', dataLimit)] : [];
};

export const configMapDefinition: Definition<ConfigMap> = {
  resource: configMaps,
  explanations: {
    'core.v1.ConfigMap': { '': 'Settings as keys and values, which pods read as variables or files.' },
  },
  columns: ['Name', 'Data', 'Age'],
  cells: ({ metadata, data, binaryData }) => [
    metadata.name,
    sizeOf(data, binaryData),
    ageOf(metadata.creationTimestamp),
  ],
  validate: (configMap) => [...validateData(configMap), ...validateSize(configMap)],
  validateUpdate: validateImmutable,
};
