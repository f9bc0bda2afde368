// Deployments and ReplicaSets: defaults, and that a selector fits its template and stays.
import { isDeepStrictEqual } from 'node:util';
import type { Deployment, ReplicaSet } from '../../../api/apps.ts';
import type { PodTemplateSpec } from '../../../api/core.ts';
import type { LabelSelector } from '../../../api/meta.ts';
import { matchesSelector } from '../../../api/selectors.ts';
import { type FieldError, GoLiteral, goValue, invalidValue, required, unsupported } from './field.ts';
import { validateLabels } from './names.ts';
import { setPodSpecDefaults } from './pod-defaults.ts';
import { atLeast, validatePodSpec } from './pod-validate.ts';
import type { Strategy } from './strategy.ts';

const setTemplateDefaults = (template: PodTemplateSpec | undefined): void => {
  if (template?.spec) setPodSpecDefaults(template.spec);
};

const setDeploymentDefaults = ({ spec }: Deployment): void => {
  if (!spec) return;
  setTemplateDefaults(spec.template);
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ??= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate')
    spec.strategy.rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%', ...spec.strategy.rollingUpdate };
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
};

const setReplicaSetDefaults = ({ spec }: ReplicaSet): void => {
  if (!spec) return;
  setTemplateDefaults(spec.template);
  spec.replicas ??= 1;
};

const isEmpty = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0) === 0;

interface Templated {
  spec: { replicas?: number; selector: LabelSelector; template?: PodTemplateSpec; minReadySeconds?: number };
}

const validateTemplated = ({ spec }: Templated, kind: string): FieldError[] => {
  if (!spec) return [required('spec.selector'), required('spec.template')];
  const { selector, template } = spec;
  const errors: FieldError[] = [
    ...atLeast(spec.replicas, 0, 'spec.replicas'),
    ...atLeast(spec.minReadySeconds, 0, 'spec.minReadySeconds'),
  ];
  if (!selector) errors.push(required('spec.selector'));
  else if (isEmpty(selector))
    errors.push(invalidValue('spec.selector', goSelector(selector), `empty selector is invalid for ${kind}`));
  const labels = template?.metadata?.labels ?? {};
  if (selector && !isEmpty(selector) && !matchesSelector(selector, labels))
    errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  errors.push(
    ...validateLabels(labels, 'spec.template.labels'),
    ...validatePodSpec(template?.spec, 'spec.template.spec'),
  );
  const restart = template?.spec?.restartPolicy;
  if (restart !== undefined && restart !== 'Always')
    errors.push(unsupported('spec.template.spec.restartPolicy', restart, ['Always']));
  return errors;
};

const goSelector = ({ matchLabels, matchExpressions }: LabelSelector): GoLiteral => {
  const labels = matchLabels ? goValue(matchLabels) : 'map[string]string(nil)';
  const requirements = (matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `v1.LabelSelectorRequirement{Key:${goValue(key)}, Operator:${goValue(operator)}, Values:${goValue(values)}}`,
  );
  const expressions = `[]v1.LabelSelectorRequirement${matchExpressions ? `{${requirements.join(', ')}}` : '(nil)'}`;
  return new GoLiteral(`v1.LabelSelector{MatchLabels:${labels}, MatchExpressions:${expressions}}`);
};

const validateStrategy = ({ spec }: Deployment): FieldError[] => {
  const type = spec?.strategy?.type;
  if (type !== 'RollingUpdate' && type !== 'Recreate')
    return [unsupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate'])];
  const { maxSurge, maxUnavailable } = spec.strategy?.rollingUpdate ?? {};
  const isZero = (value: unknown): boolean => value === 0 || value === '0%';
  return type === 'RollingUpdate' && isZero(maxSurge) && isZero(maxUnavailable)
    ? [invalidValue('spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
    : [];
};

const validateSelectorKept = (next: Templated, current: Templated): FieldError[] =>
  isDeepStrictEqual(next.spec.selector, current.spec.selector)
    ? []
    : [invalidValue('spec.selector', goSelector(next.spec.selector), 'field is immutable')];

export const deploymentStrategy: Strategy<Deployment> = {
  setDefaults: setDeploymentDefaults,
  prepareCreate: (deployment) => {
    deployment.status = {};
  },
  validate: (deployment) => [...validateTemplated(deployment, 'deployment'), ...validateStrategy(deployment)],
  validateUpdate: validateSelectorKept,
  hasStatus: true,
  hasGeneration: true,
};

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  setDefaults: setReplicaSetDefaults,
  prepareCreate: (replicaSet) => {
    replicaSet.status = { replicas: 0 };
  },
  validate: (replicaSet) => validateTemplated(replicaSet, 'replicaset'),
  validateUpdate: validateSelectorKept,
  hasStatus: true,
  hasGeneration: true,
};
