// ReplicaSets: the replica set controller keeps their pods.
import type { ReplicaSet } from '../../../api/apps.ts';
import { replicaSets } from '../../../api/resources.ts';
import { warnOfTemplate } from '../pod-security/admit.ts';
import { ageOf, formatSelector, orNone } from './cells.ts';
import type { Definition } from './definition.ts';
import { containerCells, setWorkloadDefaults, specOf, validateSelectorKept, validateWorkload } from './workloads.ts';

export const replicaSetDefinition: Definition<ReplicaSet> = {
  resource: replicaSets,
  categories: ['all'],
  subresources: ['status', 'scale'],
  fieldSelectors: ['status.replicas'],
  explanations: {
    'apps.v1.ReplicaSet': { '': 'Keeps a number of identical pods running. A Deployment usually makes it.' },
  },
  columns: ['Name', 'Desired', 'Current', 'Ready', 'Age', '?Containers', '?Images', '?Selector'],
  cells: ({ metadata, spec, status }) => [
    metadata.name,
    spec.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    ageOf(metadata.creationTimestamp),
    ...containerCells(spec.template),
    orNone(formatSelector(spec.selector)),
  ],
  setDefaults: (replicaSet) => setWorkloadDefaults(specOf(replicaSet)),
  prepareCreate: (replicaSet) => {
    replicaSet.status = { replicas: 0 };
  },
  validate: ({ spec }) => validateWorkload(spec, 'replicaset'),
  admit: (workload, _current, context) => warnOfTemplate(replicaSets, workload, context),
  validateUpdate: validateSelectorKept,
  countsGenerations: true,
};
