// ConfigMaps: keys and values.
import type { ConfigMap } from '../../../api/core.ts';
import { configMaps } from '../../../api/resources.ts';
import { ageOf } from './cells.ts';
import { sizeOf, validateImmutable, validateKeys } from './data.ts';
import type { Definition } from './definition.ts';

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
  validate: ({ data, binaryData }) => [...validateKeys(data, 'data'), ...validateKeys(binaryData, 'binaryData')],
  validateUpdate: validateImmutable,
};
