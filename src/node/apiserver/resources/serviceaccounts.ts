// Service accounts: pods are refused without one (see pods/pods.ts).
import type { ServiceAccount } from '../../../api/core.ts';
import { serviceAccounts } from '../../../api/resources.ts';
import { ageOf } from './cells.ts';
import type { Definition } from './definition.ts';

export const serviceAccountDefinition: Definition<ServiceAccount> = {
  resource: serviceAccounts,
  subresources: ['token'],
  explanations: {
    'core.v1.ServiceAccount': { '': 'The user as whom the programs in a pod call the API server.' },
  },
  columns: ['Name', 'Secrets', 'Age'],
  cells: ({ metadata, secrets }) => [metadata.name, secrets?.length ?? 0, ageOf(metadata.creationTimestamp)],
};
