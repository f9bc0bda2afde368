// Pods: what a new pod starts with, which fields an update may change, and how long a deletion may take.
import type { Pod, PodSpec, PodStatus } from '../../../../api/core-pods.ts';
import { pods } from '../../../../api/resources.ts';
import { admitPodSecurity, needsCheck } from '../../pod-security/admit.ts';
import type { Definition } from '../definition.ts';
import { mergeLabelKeys } from './affinity.ts';
import { podCells } from './cells.ts';
import { admitPod, setPodDefaults } from './defaults.ts';
import { ephemeralContainers } from './ephemeral.ts';
import { admitClasses } from './priority.ts';
import { qosClassOf } from './qos.ts';
import { admitServiceAccount } from './service-account.ts';
import { validatePodStatusUpdate } from './status.ts';
import { validateNewPod, validatePod } from './validate/spec.ts';
import { validatePodUpdate } from './validate/update.ts';

/** Only a pod on a node has a grace period, because a kubelet stops its containers. */
const gracePeriod = ({ spec, status }: Pod, requested: number | undefined): number => {
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
};

/** A pod with scheduling gates waits for their removal. The scheduler does not look at it before. */
const gatedCondition = ({ schedulingGates = [] }: PodSpec): Pick<PodStatus, 'conditions'> => {
  if (schedulingGates.length === 0) return {};
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  return { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }] };
};

export const podDefinition: Definition<Pod> = {
  resource: pods,
  categories: ['all'],
  subresources: [
    ...(['status', 'ephemeralcontainers', 'binding', 'eviction'] as const),
    ...(['log', 'exec', 'attach', 'portforward', 'proxy'] as const),
  ],
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
    if (spec) setPodDefaults(spec);
  },
  prepareCreate: (pod, context) => {
    if (!pod.spec) return;
    admitPod(pod);
    mergeLabelKeys(pod);
    admitClasses(pod);
    admitServiceAccount(pod, context);
    const qosClass = qosClassOf({ ...pod.spec, containers: pod.spec.containers ?? [] });
    pod.status = { phase: 'Pending', ...gatedCondition(pod.spec), qosClass };
  },
  admit: (pod, current, context) => {
    if (!current || needsCheck(pod, current)) admitPodSecurity(pod, context);
  },
  validate: validatePod,
  validateCreate: validateNewPod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  statusKeeps: ['ownerReferences'],
  parts: { ephemeralcontainers: ephemeralContainers },
  gracePeriod,
  answersWithObject: true,
};
