// DaemonSets: the DaemonSet controller keeps one pod on each node that fits.
import type { DaemonSet } from '../../../api/apps.ts';
import { daemonSets } from '../../../api/resources.ts';
import { warnOfTemplate } from '../pod-security/admit.ts';
import { type FieldError, invalidValue, required, unsupported } from '../validation/field.ts';
import { atLeast } from '../validation/values.ts';
import { ageOf, formatLabels, formatSelector, orNone } from './cells.ts';
import type { Definition } from './definition.ts';
import { setPodSpecDefaults } from './pods/defaults.ts';
import { goAmount, validateAmount, validateShare } from './rolling-update.ts';
import { containerCells, specOf, validateSelectorKept, validateWorkload } from './workloads.ts';

const setDefaults = (set: DaemonSet): void => {
  const spec = specOf(set);
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate')
    spec.updateStrategy.rollingUpdate = { maxSurge: 0, maxUnavailable: 1, ...spec.updateStrategy.rollingUpdate };
  spec.revisionHistoryLimit ??= 10;
};

const validateStrategy = ({ spec }: DaemonSet): FieldError[] => {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [unsupported('spec.updateStrategy.type', type, ['OnDelete', 'RollingUpdate'])];
  const path = 'spec.updateStrategy.rollingUpdate';
  if (!rollingUpdate) return [required(path)];
  const { maxSurge = 0, maxUnavailable = 0 } = rollingUpdate;
  const errors = [
    ...validateAmount(maxUnavailable, `${path}.maxUnavailable`),
    ...validateShare(maxUnavailable, `${path}.maxUnavailable`),
    ...validateAmount(maxSurge, `${path}.maxSurge`),
    ...validateShare(maxSurge, `${path}.maxSurge`),
  ];
  const [surges, shrinks] = [maxSurge, maxUnavailable].map((value) => !/^0+%?$/.test(String(value)));
  if (surges && shrinks)
    errors.push(invalidValue(`${path}.maxSurge`, goAmount(maxSurge), 'may not be set when maxUnavailable is non-zero'));
  if (!surges && !shrinks) errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return errors;
};

export const daemonSetDefinition: Definition<DaemonSet> = {
  resource: daemonSets,
  categories: ['all'],
  subresources: ['status'],
  explanations: {
    'apps.v1.DaemonSet': {
      '': 'Keeps one pod on each node that fits, and replaces the pods when the template changes.',
    },
  },
  columns: [
    ...['Name', 'Desired', 'Current', 'Ready', 'Up-to-date', 'Available', 'Node Selector', 'Age'],
    ...['?Containers', '?Images', '?Selector'],
  ],
  cells: ({ metadata, spec, status }) => [
    metadata.name,
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    orNone(formatLabels(spec.template?.spec?.nodeSelector)),
    ageOf(metadata.creationTimestamp),
    ...containerCells(spec.template),
    orNone(formatSelector(spec.selector)),
  ],
  setDefaults,
  prepareCreate: (set) => {
    set.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
  },
  validate: (set) => [
    ...validateWorkload(set.spec, 'daemonset'),
    ...atLeast(set.spec?.revisionHistoryLimit, 0, 'spec.revisionHistoryLimit'),
    ...validateStrategy(set),
  ],
  admit: (set, _current, context) => warnOfTemplate(daemonSets, set, context),
  validateUpdate: validateSelectorKept,
  countsGenerations: true,
};
