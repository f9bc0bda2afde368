// Node affinity and pod affinity: where a pod prefers to run, and where it must not run.
import type { Pod } from '../../api/core-pods.ts';
import { matchesTerm } from '../../api/node-affinity.ts';
import type { Affinity, PodAffinityTerm } from '../../api/scheduling.ts';
import { matchesSelector } from '../../api/selectors.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';

const affinityOf = ({ spec }: Pod): Affinity => spec.affinity ?? {};

/** The sum of the weights of all preferences that the node meets: node affinity, pod affinity and anti-affinity. */
export const preferenceFor = (pod: Pod, info: NodeInfo, snapshot: Snapshot): number => {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinityOf(pod);
  const nodeTerms = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const near = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const sum = (weights: readonly number[]): number => weights.reduce((total, weight) => total + weight, 0);
  return (
    sum(nodeTerms.filter(({ preference }) => matchesTerm(preference, info.node)).map(({ weight }) => weight)) +
    sum(near.map(({ weight, podAffinityTerm: term }) => weight * neighbours(pod, term, info, snapshot).length)) -
    sum(far.map(({ weight, podAffinityTerm: term }) => weight * neighbours(pod, term, info, snapshot).length))
  );
};

/** The pods that a term of `owner` selects in the node's topology domain. */
const neighbours = (owner: Pod, term: PodAffinityTerm, info: NodeInfo, snapshot: Snapshot): Pod[] => {
  const domain = info.node.metadata.labels?.[term.topologyKey];
  if (domain === undefined) return [];
  return snapshot.nodes
    .filter(({ node }) => node.metadata.labels?.[term.topologyKey] === domain)
    .flatMap(({ pods }) => pods)
    .filter((pod) => isSelected(owner, term, pod, snapshot));
};

/** Without namespaces and without a selector of namespaces, a term is about the owner's namespace. */
const isSelected = (owner: Pod, term: PodAffinityTerm, pod: Pod, { namespaces: labels }: Snapshot): boolean => {
  const { namespaces = [], namespaceSelector } = term;
  const namespace = pod.metadata.namespace ?? '';
  const isOwn = namespaces.length === 0 && namespaceSelector === undefined && namespace === owner.metadata.namespace;
  const isInScope =
    isOwn || namespaces.includes(namespace) || matchesSelector(namespaceSelector, labels.get(namespace) ?? {});
  return isInScope && matchesSelector(term.labelSelector, pod.metadata.labels);
};

/** Why pod affinity or anti-affinity forbids the node, or undefined. */
export const neighbourConflict = (pod: Pod, info: NodeInfo, snapshot: Snapshot): string | undefined => {
  const { podAffinity, podAntiAffinity } = affinityOf(pod);
  const near = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const missing = near.some(
    (term) => neighbours(pod, term, info, snapshot).length === 0 && !isFirst(pod, term, info, snapshot),
  );
  if (missing) return "node(s) didn't match pod affinity rules";
  if (far.some((term) => neighbours(pod, term, info, snapshot).length > 0)) {
    return "node(s) didn't match pod anti-affinity rules";
  }
  return violatesExistingAntiAffinity(pod, info, snapshot)
    ? "node(s) didn't satisfy existing pods anti-affinity rules"
    : undefined;
};

/** The first pod of a group with affinity to itself may run on any node. */
const isFirst = (pod: Pod, term: PodAffinityTerm, info: NodeInfo, snapshot: Snapshot): boolean =>
  info.node.metadata.labels?.[term.topologyKey] !== undefined &&
  isSelected(pod, term, pod, snapshot) &&
  !snapshot.nodes.some(({ pods }) => pods.some((other) => isSelected(pod, term, other, snapshot)));

const violatesExistingAntiAffinity = (pod: Pod, info: NodeInfo, snapshot: Snapshot): boolean =>
  snapshot.nodes.some(({ node, pods }) =>
    pods.some((other) =>
      (affinityOf(other).podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some((term) => {
        const domain = node.metadata.labels?.[term.topologyKey];
        const same = domain !== undefined && info.node.metadata.labels?.[term.topologyKey] === domain;
        return same && isSelected(other, term, pod, snapshot);
      }),
    ),
  );
