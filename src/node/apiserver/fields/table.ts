// The one table of all fields that the API serves. The refusal of unsupported fields and docs/fields.md derive from it.
import { clusterFields } from './cluster.ts';
import { containerFields } from './containers.ts';
import { podFields } from './pods.ts';
import { schedulingFields } from './scheduling.ts';
import { serviceFields } from './services.ts';
import type { FieldTable } from './support.ts';
import { unstoredFields } from './unstored.ts';
import { volumeFields } from './volumes.ts';

export const fieldTable: FieldTable = {
  ...podFields,
  ...containerFields,
  ...volumeFields,
  ...schedulingFields,
  ...serviceFields,
  ...clusterFields,
  ...unstoredFields,
};
