// Whether a node meets a pod's nodeSelector and required node affinity (component-helpers' nodeaffinity).
import type { Node } from './core.ts';
import type { PodSpec } from './core-pods.ts';
import type { NodeRequirement, NodeSelectorTerm } from './scheduling.ts';
import { type Labels, matchesLabels, matchesRequirement } from './selectors.ts';

export const matchesNode = ({ spec }: { readonly spec: PodSpec }, node: Node): boolean => {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    matchesLabels(spec.nodeSelector ?? {}, node.metadata.labels) &&
    (required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node)))
  );
};

/** An empty term matches nothing. */
export const matchesTerm = (
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  { metadata }: Node,
): boolean =>
  matchExpressions.length + matchFields.length > 0 &&
  matchExpressions.every((requirement) => matchesNodeRequirement(requirement, metadata.labels ?? {})) &&
  matchFields.every((requirement) => matchesNodeRequirement(requirement, { 'metadata.name': metadata.name }));

const matchesNodeRequirement = ({ key, operator, values }: NodeRequirement, labels: Labels): boolean => {
  if (operator !== 'Gt' && operator !== 'Lt') {
    return matchesRequirement({ key, operator, ...(values ? { values } : {}) }, labels);
  }
  const [value, bound] = [Number(labels[key] ?? Number.NaN), Number(values?.[0] ?? Number.NaN)];
  return operator === 'Gt' ? value > bound : value < bound;
};
