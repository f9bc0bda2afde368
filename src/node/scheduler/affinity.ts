// Node affinity, pod affinity and topology spread: where a pod prefers to run, and where it must not run.
import type { Pod } from '../../api/core.ts';
import { matchesNode, matchesTerm } from '../../api/node-affinity.ts';
import type { Affinity, PodAffinityTerm } from '../../api/scheduling.ts';
import { matchesSelector } from '../../api/selectors.ts';
import type { NodeInfo } from './snapshot.ts';

const affinityOf = ({ spec }: Pod): Affinity => spec.affinity ?? {};

/** The sum of the weights of all preferences that the node meets: node affinity, pod affinity and anti-affinity. */
export const preferenceFor = (pod: Pod, info: NodeInfo, all: readonly NodeInfo[]): number => {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinityOf(pod);
  const nodeTerms = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const near = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const sum = (weights: readonly number[]): number => weights.reduce((total, weight) => total + weight, 0);
  return (
    sum(nodeTerms.filter(({ preference }) => matchesTerm(preference, info.node)).map(({ weight }) => weight)) +
    sum(near.map(({ weight, podAffinityTerm: term }) => weight * neighbours(pod, term, info, all).length)) -
    sum(far.map(({ weight, podAffinityTerm: term }) => weight * neighbours(pod, term, info, all).length))
  );
};

/** The pods that a term of `owner` selects in the node's topology domain. */
const neighbours = (owner: Pod, term: PodAffinityTerm, info: NodeInfo, all: readonly NodeInfo[]): Pod[] => {
  const domain = info.node.metadata.labels?.[term.topologyKey];
  if (domain === undefined) return [];
  return all
    .filter(({ node }) => node.metadata.labels?.[term.topologyKey] === domain)
    .flatMap(({ pods }) => pods)
    .filter((pod) => isSelected(owner, term, pod));
};

const isSelected = (owner: Pod, term: PodAffinityTerm, pod: Pod): boolean => {
  const namespaces = term.namespaces?.length ? term.namespaces : [owner.metadata.namespace ?? ''];
  // An empty namespace selector selects all namespaces. Labels of namespaces are not supported.
  const anywhere = term.namespaceSelector !== undefined;
  return (
    (anywhere || namespaces.includes(pod.metadata.namespace ?? '')) &&
    matchesSelector(term.labelSelector, pod.metadata.labels)
  );
};

/** Why pod affinity or anti-affinity forbids the node, or undefined. */
export const neighbourConflict = (pod: Pod, info: NodeInfo, all: readonly NodeInfo[]): string | undefined => {
  const { podAffinity, podAntiAffinity } = affinityOf(pod);
  const near = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const missing = near.some((term) => neighbours(pod, term, info, all).length === 0 && !isFirst(pod, term, info, all));
  if (missing) return "node(s) didn't match pod affinity rules";
  if (far.some((term) => neighbours(pod, term, info, all).length > 0)) {
    return "node(s) didn't match pod anti-affinity rules";
  }
  return violatesExistingAntiAffinity(pod, info, all)
    ? "node(s) didn't satisfy existing pods anti-affinity rules"
    : undefined;
};

/** The first pod of a group with affinity to itself may run on any node. */
const isFirst = (pod: Pod, term: PodAffinityTerm, info: NodeInfo, all: readonly NodeInfo[]): boolean =>
  info.node.metadata.labels?.[term.topologyKey] !== undefined &&
  isSelected(pod, term, pod) &&
  !all.some(({ pods }) => pods.some((other) => isSelected(pod, term, other)));

const violatesExistingAntiAffinity = (pod: Pod, info: NodeInfo, all: readonly NodeInfo[]): boolean =>
  all.some(({ node, pods }) =>
    pods.some((other) =>
      (affinityOf(other).podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some((term) => {
        const domain = node.metadata.labels?.[term.topologyKey];
        const same = domain !== undefined && info.node.metadata.labels?.[term.topologyKey] === domain;
        return same && isSelected(other, term, pod);
      }),
    ),
  );

/** Why a topologySpreadConstraint with DoNotSchedule forbids the node, or undefined. */
export const spreadConflict = (pod: Pod, info: NodeInfo, all: readonly NodeInfo[]): string | undefined => {
  for (const constraint of pod.spec.topologySpreadConstraints ?? []) {
    const { topologyKey, maxSkew, labelSelector, whenUnsatisfiable } = constraint;
    if (whenUnsatisfiable === 'ScheduleAnyway') continue;
    const domain = info.node.metadata.labels?.[topologyKey];
    if (domain === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const counts = new Map<string, number>();
    for (const { node, pods } of all.filter((other) => matchesNode(pod, other.node))) {
      const value = node.metadata.labels?.[topologyKey];
      if (value === undefined) continue;
      const matching = pods.filter((other) => {
        const { namespace, deletionTimestamp, labels } = other.metadata;
        return namespace === pod.metadata.namespace && !deletionTimestamp && matchesSelector(labelSelector, labels);
      });
      counts.set(value, (counts.get(value) ?? 0) + matching.length);
    }
    const self = matchesSelector(labelSelector, pod.metadata.labels) ? 1 : 0;
    if ((counts.get(domain) ?? 0) + self - Math.min(...counts.values()) > maxSkew) {
      return "node(s) didn't match pod topology spread constraints";
    }
  }
  return undefined;
};
