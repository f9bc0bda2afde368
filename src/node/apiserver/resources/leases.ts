// Leases: kubelets renew one per node as a heartbeat.
import type { Lease } from '../../../api/coordination.ts';
import { leases } from '../../../api/resources.ts';
import { ageOf } from './cells.ts';
import type { Definition } from './definition.ts';

export const leaseDefinition: Definition<Lease> = {
  resource: leases,
  explanations: {
    'coordination.v1.Lease': { '': 'A heartbeat: a kubelet renews the lease of its node every few seconds.' },
  },
  columns: ['Name', 'Holder', 'Age'],
  cells: ({ metadata, spec }) => [metadata.name, spec?.holderIdentity ?? '', ageOf(metadata.creationTimestamp)],
};
