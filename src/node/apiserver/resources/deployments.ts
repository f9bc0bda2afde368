// Deployments: the deployment controller keeps their ReplicaSets.
import type { Deployment } from '../../../api/apps.ts';
import { deployments } from '../../../api/resources.ts';
import { warnOfTemplate } from '../pod-security/admit.ts';
import { type FieldError, forbiddenField, invalidValue, unsupported } from '../validation/field.ts';
import { atLeast } from '../validation/values.ts';
import { ageOf, formatSelector, orNone } from './cells.ts';
import type { Definition } from './definition.ts';
import { validateRollingUpdate } from './rolling-update.ts';
import { containerCells, setWorkloadDefaults, specOf, validateSelectorKept, validateWorkload } from './workloads.ts';

const setDefaults = (deployment: Deployment): void => {
  const spec = specOf(deployment);
  setWorkloadDefaults(spec);
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate')
    spec.strategy.rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%', ...spec.strategy.rollingUpdate };
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
};

const validateStrategy = ({ spec }: Deployment): FieldError[] => {
  const { type, rollingUpdate } = spec?.strategy ?? {};
  const path = 'spec.strategy.rollingUpdate';
  if (type === 'RollingUpdate') return validateRollingUpdate(rollingUpdate ?? {}, path);
  if (type !== 'Recreate') return [unsupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate'])];
  return rollingUpdate ? [forbiddenField(path, "may not be specified when strategy `type` is 'Recreate'")] : [];
};

const validateNumbers = ({ spec }: Deployment): FieldError[] => {
  const { revisionHistoryLimit, progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec ?? {};
  const tooShort = deadline !== undefined && deadline <= minReadySeconds;
  return [
    ...atLeast(revisionHistoryLimit, 0, 'spec.revisionHistoryLimit'),
    ...atLeast(deadline, 0, 'spec.progressDeadlineSeconds'),
    ...(tooShort
      ? [invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : []),
  ];
};

export const deploymentDefinition: Definition<Deployment> = {
  resource: deployments,
  categories: ['all'],
  subresources: ['status', 'scale'],
  explanations: {
    'apps.v1.Deployment': {
      '': 'Keeps a number of identical pods running, and replaces them step by step when their template changes.',
    },
  },
  columns: ['Name', 'Ready', 'Up-to-date', 'Available', 'Age', '?Containers', '?Images', '?Selector'],
  cells: ({ metadata, spec, status = {} }) => [
    metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
    ageOf(metadata.creationTimestamp),
    ...containerCells(spec.template),
    orNone(formatSelector(spec.selector)),
  ],
  setDefaults,
  prepareCreate: (deployment) => {
    deployment.status = {};
  },
  validate: (deployment) => [
    ...validateWorkload(deployment.spec, 'deployment'),
    ...validateStrategy(deployment),
    ...validateNumbers(deployment),
  ],
  admit: (workload, _current, context) => warnOfTemplate(deployments, workload, context),
  validateUpdate: validateSelectorKept,
  statusKeeps: ['labels'],
  countsGenerations: true,
};
