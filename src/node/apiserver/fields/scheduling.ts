// The fields that decide on which node a pod runs.
import { type FieldTable, honoured } from './support.ts';

const affinity = 'scheduler/affinity.ts';
const terms = honoured(
  affinity,
  'requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution',
);

export const schedulingFields: FieldTable = {
  'core.v1.Affinity': honoured(affinity, 'nodeAffinity podAffinity podAntiAffinity'),
  'core.v1.NodeAffinity': terms,
  'core.v1.PodAffinity': terms,
  'core.v1.PodAntiAffinity': terms,
  'core.v1.NodeSelector': honoured('api/node-affinity.ts', 'nodeSelectorTerms'),
  'core.v1.NodeSelectorTerm': honoured('api/node-affinity.ts', 'matchExpressions matchFields'),
  'core.v1.NodeSelectorRequirement': honoured('api/node-affinity.ts', 'key operator values'),
  'core.v1.PreferredSchedulingTerm': honoured(affinity, 'weight preference'),
  'core.v1.WeightedPodAffinityTerm': honoured(affinity, 'weight podAffinityTerm'),
  'core.v1.PodAffinityTerm': {
    ...honoured(affinity, 'labelSelector namespaces topologyKey namespaceSelector'),
    ...honoured('apiserver/resources/pods/affinity.ts', 'matchLabelKeys mismatchLabelKeys'),
  },
  'core.v1.TopologySpreadConstraint': {
    ...honoured('scheduler/spread.ts', 'maxSkew topologyKey whenUnsatisfiable labelSelector minDomains'),
    ...honoured('scheduler/spread.ts', 'nodeAffinityPolicy nodeTaintsPolicy matchLabelKeys'),
  },
  'core.v1.Toleration': {
    ...honoured('controllers/tainteviction.ts', 'tolerationSeconds'),
    ...honoured('api/taints.ts', 'key operator value effect'),
  },
};
