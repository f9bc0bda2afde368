// Pods: what a new pod starts with, which fields an update may change, and how long a deletion may take.
import { isDeepStrictEqual } from 'node:util';
import type { Pod, PodSpec } from '../../../../api/core.ts';
import { pods } from '../../../../api/resources.ts';
import { type FieldError, forbiddenField } from '../../validation/field.ts';
import type { Definition } from '../definition.ts';
import { podCells } from './cells.ts';
import { admitPod, qosClassOf, setPodSpecDefaults } from './defaults.ts';
import { admitClasses } from './priority.ts';
import { admitServiceAccount } from './service-account.ts';
import { validatePodStatusUpdate } from './status.ts';
import { validatePodSpec } from './validate.ts';

const updateProblem =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** A copy of `spec` with the mutable fields of `from`. */
const withMutable = (spec: PodSpec, from: PodSpec): PodSpec => {
  const images = (containers: PodSpec['containers'] = [], others: PodSpec['containers'] = []) =>
    containers.map((container, index) => ({ ...container, image: others[index]?.image ?? container.image }));
  const result: PodSpec = { ...spec, containers: images(spec.containers, from.containers) };
  if (spec.initContainers) result.initContainers = images(spec.initContainers, from.initContainers);
  for (const field of ['activeDeadlineSeconds', 'tolerations'] as const) {
    if (from[field] === undefined) delete result[field];
    else Object.assign(result, { [field]: from[field] });
  }
  return result;
};

const validateUpdate = (next: Pod, current: Pod): FieldError[] => {
  const unchanged = isDeepStrictEqual(withMutable(next.spec, current.spec), current.spec);
  return unchanged ? [] : [forbiddenField('spec', updateProblem)];
};

/** Only a pod on a node has a grace period, because a kubelet stops its containers. */
const gracePeriod = ({ spec, status }: Pod, requested: number | undefined): number => {
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  return Math.max(0, requested ?? spec.terminationGracePeriodSeconds ?? 30);
};

export const podDefinition: Definition<Pod> = {
  resource: pods,
  categories: ['all'],
  subresources: ['status', 'binding', 'eviction', 'log', 'exec', 'attach', 'portforward'],
  fieldSelectors: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  explanations: {
    'core.v1.Pod': { '': 'Containers that run together on one node and share one network namespace and one IP.' },
    'core.v1.PodSpec': {
      nodeName:
        'The node that runs the pod. The scheduler sets it. A pod that is created with a node name skips the scheduler.',
      hostNetwork: "The pod uses its node's network namespace instead of a network namespace of its own.",
      nodeSelector: 'Labels that a node must have to run the pod.',
    },
    'core.v1.PodStatus': {
      podIP: "The pod's address, from its node's pod subnet. A pod that is created again gets another address.",
    },
  },
  columns: ['Name', 'Ready', 'Status', 'Restarts', 'Age', '?IP', '?Node', '?Nominated Node', '?Readiness Gates'],
  cells: podCells,
  setDefaults: ({ spec }) => {
    if (spec) setPodSpecDefaults(spec);
  },
  prepareCreate: (pod, context) => {
    if (!pod.spec) return;
    admitPod(pod);
    admitClasses(pod);
    admitServiceAccount(pod, context);
    const qosClass = qosClassOf({ ...pod.spec, containers: pod.spec.containers ?? [] });
    pod.status = { phase: 'Pending', qosClass };
  },
  validate: ({ spec }) => validatePodSpec(spec, 'spec'),
  validateUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  gracePeriod,
  answersWithObject: true,
};
