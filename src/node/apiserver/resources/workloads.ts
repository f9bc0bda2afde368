// Shared by Deployments, ReplicaSets and DaemonSets: a pod template, and a selector that matches it and never changes.
import { isDeepStrictEqual } from 'node:util';
import type { PodTemplateSpec } from '../../../api/core-pods.ts';
import type { LabelSelector } from '../../../api/meta.ts';
import { matchesSelector } from '../../../api/selectors.ts';
import { type FieldError, forbiddenField, GoLiteral, goValue, invalidValue, required } from '../validation/field.ts';
import { validateAnnotations, validateLabels } from '../validation/names.ts';
import { validateLabelSelector } from '../validation/selectors.ts';
import { atLeast, immutableProblem, oneOf } from '../validation/values.ts';
import { setPodSpecDefaults } from './pods/defaults.ts';
import { validatePodSpec } from './pods/validate/spec.ts';

interface WorkloadSpec {
  replicas?: number;
  selector: LabelSelector;
  template?: PodTemplateSpec;
  minReadySeconds?: number;
}

/** An object without a spec has an empty one, so that the errors name the fields that must be set. */
export const specOf = <T extends object>(workload: { spec: T }): T => (workload.spec ??= {} as T);

export const setWorkloadDefaults = (spec: WorkloadSpec): void => {
  if (spec.template?.spec) setPodSpecDefaults(spec.template.spec);
  spec.replicas ??= 1;
};

const isEmpty = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;

/** @param kind as Kubernetes' message names it: `deployment`, `replicaset` */
export const validateWorkload = (spec: WorkloadSpec, kind: string): FieldError[] => {
  const { template } = spec;
  const path = 'spec.template.spec';
  const { activeDeadlineSeconds, ephemeralContainers = [], restartPolicy } = template?.spec ?? {};
  const errors: FieldError[] = [
    ...atLeast(spec.replicas, 0, 'spec.replicas'),
    ...atLeast(spec.minReadySeconds, 0, 'spec.minReadySeconds'),
    ...validateSelector(spec, kind),
    ...validateLabels(template?.metadata?.labels ?? {}, 'spec.template.labels'),
    ...validateAnnotations(template?.metadata?.annotations ?? {}, 'spec.template.annotations'),
    ...validatePodSpec(template?.spec, path),
  ];
  if (ephemeralContainers.length > 0)
    errors.push(forbiddenField(`${path}.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  errors.push(...oneOf(restartPolicy, ['Always'], `${path}.restartPolicy`));
  if (activeDeadlineSeconds !== undefined)
    errors.push(
      forbiddenField(`${path}.activeDeadlineSeconds`, 'activeDeadlineSeconds in ReplicaSet is not Supported'),
    );
  return errors;
};

const validateSelector = ({ selector, template }: WorkloadSpec, kind: string): FieldError[] => {
  const labels = template?.metadata?.labels;
  const mismatch = invalidValue(
    'spec.template.metadata.labels',
    labels ?? new GoLiteral('map[string]string(nil)'),
    '`selector` does not match template `labels`',
  );
  if (!selector) return [required('spec.selector'), mismatch];
  if (isEmpty(selector))
    return [invalidValue('spec.selector', goSelector(selector), `empty selector is invalid for ${kind}`)];
  const problems = validateLabelSelector(selector, 'spec.selector');
  if (problems.length > 0) return problems;
  return matchesSelector(selector, labels ?? {}) ? [] : [mismatch];
};

/** As Go's `%#v` prints a selector. */
const goSelector = ({ matchLabels, matchExpressions }: LabelSelector): GoLiteral => {
  const labels = matchLabels ? goValue(matchLabels) : 'map[string]string(nil)';
  const requirements = (matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `v1.LabelSelectorRequirement{Key:${goValue(key)}, Operator:${goValue(operator)}, Values:${goValue(values)}}`,
  );
  const expressions = `[]v1.LabelSelectorRequirement${matchExpressions ? `{${requirements.join(', ')}}` : '(nil)'}`;
  return new GoLiteral(`v1.LabelSelector{MatchLabels:${labels}, MatchExpressions:${expressions}}`);
};

export const validateSelectorKept = (next: { spec: WorkloadSpec }, current: { spec: WorkloadSpec }): FieldError[] =>
  isDeepStrictEqual(next.spec.selector, current.spec.selector)
    ? []
    : [invalidValue('spec.selector', goSelector(next.spec.selector), immutableProblem)];

/** The cells of the columns Containers and Images in wide tables. */
export const containerCells = (template: PodTemplateSpec | undefined): [names: string, images: string] => {
  const containers = template?.spec.containers ?? [];
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image).join(',')];
};
