// Decides whether a pod may run on a node, and explains a refusal. The messages and the order equal the original's.
import type { Pod } from '../../api/core-pods.ts';
import { matchesNode } from '../../api/node-affinity.ts';
import { hostPortsOf, portsClash, requestsOf } from '../../api/requests.ts';
import { tolerates } from '../../api/taints.ts';
import { neighbourConflict } from './affinity.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';
import { spreadConflict } from './spread.ts';

/** The reasons of the first filter that refuses the node, and whether the deletion of other pods could help. */
export interface Refusal {
  readonly reasons: readonly string[];
  readonly preemptible: boolean;
}

type Filter = (pod: Pod, info: NodeInfo, snapshot: Snapshot) => Refusal | undefined;

const final = (reason: string): Refusal => ({ reasons: [reason], preemptible: false });
const resolvable = (...reasons: string[]): Refusal => ({ reasons, preemptible: true });

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

const nodeUnschedulable: Filter = ({ spec }, { node }) =>
  node.spec?.unschedulable && !spec.tolerations?.some((toleration) => tolerates(toleration, unschedulableTaint))
    ? final('node(s) were unschedulable')
    : undefined;

const taintToleration: Filter = ({ spec }, { node }) => {
  const untolerated = node.spec?.taints?.find(
    (taint) =>
      taint.effect !== 'PreferNoSchedule' && !spec.tolerations?.some((toleration) => tolerates(toleration, taint)),
  );
  return untolerated && final(`node(s) had untolerated taint {${untolerated.key}: ${untolerated.value ?? ''}}`);
};

const nodeAffinity: Filter = (pod, { node }) =>
  matchesNode(pod, node) ? undefined : final("node(s) didn't match Pod's node affinity/selector");

const nodePorts: Filter = (pod, { hostPorts }) =>
  hostPortsOf(pod).some((wanted) => hostPorts.some((taken) => portsClash(wanted, taken)))
    ? resolvable("node(s) didn't have free ports for the requested pod ports")
    : undefined;

const nodeResources: Filter = (pod, { allocatable, requested, pods }) => {
  const reasons: string[] = [];
  if (pods.length + 1 > (allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  for (const [resource, value] of requestsOf(pod)) {
    const free = (allocatable.get(resource) ?? 0) - (requested.get(resource) ?? 0);
    if (value > 0 && value > free) reasons.push(`Insufficient ${resource}`);
  }
  return reasons.length > 0 ? resolvable(...reasons) : undefined;
};

const topologySpread: Filter = (pod, info, snapshot) => {
  const reason = spreadConflict(pod, info, snapshot);
  return reason === undefined ? undefined : resolvable(reason);
};

const interPodAffinity: Filter = (pod, info, snapshot) => {
  const reason = neighbourConflict(pod, info, snapshot);
  if (reason === undefined) return undefined;
  return reason.endsWith('pod affinity rules') ? final(reason) : resolvable(reason);
};

const filters: readonly Filter[] = [
  nodeUnschedulable,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResources,
  topologySpread,
  interPodAffinity,
];

/** Undefined if the pod may run on the node. */
export const refuse: Filter = (pod, info, snapshot) => {
  for (const filter of filters) {
    const refusal = filter(pod, info, snapshot);
    if (refusal) return refusal;
  }
  return undefined;
};
