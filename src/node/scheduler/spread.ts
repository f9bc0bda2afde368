// Topology spread constraints: how even the pods of a group must lie over the domains of a topology, such as zones.
import type { Node } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { matchesNode } from '../../api/node-affinity.ts';
import type { TopologySpreadConstraint } from '../../api/scheduling.ts';
import { matchesSelector } from '../../api/selectors.ts';
import { tolerates } from '../../api/taints.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';

/** Why a constraint with DoNotSchedule forbids the node, or undefined. */
export const spreadConflict = (pod: Pod, info: NodeInfo, snapshot: Snapshot): string | undefined => {
  const constraints = constraintsOf(pod).filter(({ whenUnsatisfiable }) => whenUnsatisfiable !== 'ScheduleAnyway');
  for (const constraint of constraints) {
    const domain = info.node.metadata.labels?.[constraint.topologyKey];
    if (domain === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const counts = countByDomain(pod, constraint, snapshot);
    const self = matchesSelector(constraint.labelSelector, pod.metadata.labels) ? 1 : 0;
    // With fewer domains than wanted, a domain without pods is still to come.
    const fewest = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
    if ((counts.get(domain) ?? 0) + self - fewest > constraint.maxSkew)
      return "node(s) didn't match pod topology spread constraints";
  }
  return undefined;
};

/** How many pods of its groups the node's domains have, by the constraints with ScheduleAnyway. Fewer are better. */
export const spreadCost = (pod: Pod, info: NodeInfo, snapshot: Snapshot): number =>
  constraintsOf(pod)
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
    .map((constraint) => {
      const domain = info.node.metadata.labels?.[constraint.topologyKey];
      const counts = countByDomain(pod, constraint, snapshot);
      // A node outside of all domains is worse than any domain.
      return domain === undefined ? 1 + Math.max(0, ...counts.values()) : (counts.get(domain) ?? 0);
    })
    .reduce((sum, count) => sum + count, 0);

/** The constraints, with the pod's values of `matchLabelKeys` in their selectors. */
const constraintsOf = ({ spec, metadata: { labels = {} } }: Pod): TopologySpreadConstraint[] =>
  (spec.topologySpreadConstraints ?? []).map((constraint) => {
    const { labelSelector, matchLabelKeys = [] } = constraint;
    const own = matchLabelKeys.flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [{ key, operator: 'In' as const, values: [value] }];
    });
    if (!labelSelector || own.length === 0) return constraint;
    const matchExpressions = [...(labelSelector.matchExpressions ?? []), ...own];
    return { ...constraint, labelSelector: { ...labelSelector, matchExpressions } };
  });

/** Domain → the pods of the group in it. Nodes that the policies leave out make no domain. */
const countByDomain = (
  pod: Pod,
  constraint: TopologySpreadConstraint,
  { nodes }: Snapshot,
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { node, pods } of nodes) {
    const domain = node.metadata.labels?.[constraint.topologyKey];
    if (domain === undefined || !isCounted(pod, constraint, node)) continue;
    const group = pods.filter(({ metadata: { namespace, deletionTimestamp, labels } }) => {
      const isNear = namespace === pod.metadata.namespace && deletionTimestamp === undefined;
      return isNear && matchesSelector(constraint.labelSelector, labels);
    });
    counts.set(domain, (counts.get(domain) ?? 0) + group.length);
  }
  return counts;
};

const isCounted = (pod: Pod, constraint: TopologySpreadConstraint, node: Node): boolean => {
  const { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = constraint;
  return (
    (nodeAffinityPolicy === 'Ignore' || matchesNode(pod, node)) &&
    (nodeTaintsPolicy === 'Ignore' || isTolerated(pod, node))
  );
};

const isTolerated = ({ spec: { tolerations = [] } }: Pod, node: Node): boolean =>
  (node.spec?.taints ?? []).every(
    (taint) => taint.effect === 'PreferNoSchedule' || tolerations.some((toleration) => tolerates(toleration, taint)),
  );
