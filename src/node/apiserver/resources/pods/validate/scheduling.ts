// Validates what decides on the node of a pod: affinity, tolerations, topology spread and scheduling gates.
import type { PodSpec, Toleration } from '../../../../../api/core-pods.ts';
import type {
  NodeAffinity,
  NodeRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../../../../api/scheduling.ts';
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from '../../../validation/field.ts';
import {
  labelProblems,
  labelValueProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from '../../../validation/names.ts';
import { operatorProblem, validateLabelSelector, validateValueCount } from '../../../validation/selectors.ts';
import { invalidValues, oneOf } from '../../../validation/values.ts';

const must = 'requiredDuringSchedulingIgnoredDuringExecution';
const prefer = 'preferredDuringSchedulingIgnoredDuringExecution';

export const validateAffinity = ({ affinity }: PodSpec, path: string): FieldError[] => [
  ...(affinity?.nodeAffinity ? validateNodeAffinity(affinity.nodeAffinity, `${path}.nodeAffinity`) : []),
  ...(affinity?.podAffinity ? validatePodAffinity(affinity.podAffinity, `${path}.podAffinity`) : []),
  ...(affinity?.podAntiAffinity ? validatePodAffinity(affinity.podAntiAffinity, `${path}.podAntiAffinity`) : []),
];

const validateNodeAffinity = (affinity: NodeAffinity, path: string): FieldError[] => {
  const wanted = affinity[must];
  const terms = wanted?.nodeSelectorTerms ?? [];
  const field = `${path}.${must}.nodeSelectorTerms`;
  return [
    ...(wanted && terms.length === 0 ? [required(field, 'must have at least one node selector term')] : []),
    ...terms.flatMap((term, index) => validateTerm(term, `${field}[${index}]`, true)),
    ...(affinity[prefer] ?? []).flatMap(({ weight, preference }, index) => [
      ...validateWeight(weight, `${path}.${prefer}[${index}].weight`),
      ...validateTerm(preference ?? {}, `${path}.${prefer}[${index}].preference`, false),
    ]),
  ];
};

const validateWeight = (weight: number, field: string): FieldError[] =>
  weight >= 1 && weight <= 100 ? [] : [invalidValue(field, weight ?? 0, 'must be in the range 1-100')];

/** @param checkValues false for preferences, whose values the original does not validate */
const validateTerm = (term: NodeSelectorTerm, path: string, checkValues: boolean): FieldError[] => [
  ...(term.matchExpressions ?? []).flatMap((requirement, index) =>
    validateExpression(requirement, `${path}.matchExpressions[${index}]`, checkValues),
  ),
  ...(term.matchFields ?? []).flatMap((requirement, index) =>
    validateField(requirement, `${path}.matchFields[${index}]`),
  ),
];

const validateExpression = (requirement: NodeRequirement, path: string, checkValues: boolean): FieldError[] => {
  const { key = '', operator, values = [] } = requirement;
  const isOrder = operator === 'Gt' || operator === 'Lt';
  const single = "must be specified single value when `operator` is 'Lt' or 'Gt'";
  return [
    ...(isOrder
      ? values.length === 1
        ? []
        : [required(`${path}.values`, single)]
      : validateValueCount(requirement, path)),
    ...invalidValues(`${path}.key`, key, qualifiedNameProblems(key)),
    ...(checkValues
      ? values.flatMap((value, index) => invalidValues(`${path}.values[${index}]`, value, labelValueProblems(value)))
      : []),
  ];
};

const validateField = ({ key = '', operator, values = [] }: NodeRequirement, path: string): FieldError[] => {
  const isKnown = operator === 'In' || operator === 'NotIn';
  const single = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
  return [
    ...(isKnown && values.length !== 1 ? [required(`${path}.values`, single)] : []),
    ...(isKnown ? [] : [invalidValue(`${path}.operator`, operator ?? '', operatorProblem)]),
    ...(key === 'metadata.name'
      ? values.flatMap((value, index) => invalidValues(`${path}.values[${index}]`, value, subdomainProblems(value)))
      : [invalidValue(`${path}.key`, key, 'not a valid field selector key')]),
  ];
};

const validatePodAffinity = (affinity: PodAffinity, path: string): FieldError[] => [
  ...(affinity[must] ?? []).flatMap((term, index) => validatePodTerm(term, `${path}.${must}[${index}]`)),
  ...(affinity[prefer] ?? []).flatMap(({ weight, podAffinityTerm: term }, index) => [
    ...validateWeight(weight, `${path}.${prefer}[${index}].weight`),
    ...validatePodTerm(term ?? {}, `${path}.${prefer}[${index}].podAffinityTerm`),
  ]),
];

const validatePodTerm = (term: Partial<PodAffinityTerm>, path: string): FieldError[] => {
  const { topologyKey = '' } = term;
  return [
    ...validateLabelSelector(term.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelKeys(term, path),
    ...(term.namespaces ?? []).flatMap((name) => invalidValues(`${path}.namespace`, name, labelProblems(name))),
    ...(topologyKey === '' ? [required(`${path}.topologyKey`, 'can not be empty')] : []),
    ...invalidValues(`${path}.topologyKey`, topologyKey, qualifiedNameProblems(topologyKey)),
  ];
};

const validateLabelKeys = (term: Partial<PodAffinityTerm>, path: string): FieldError[] => {
  const { matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const lists = [
    ['matchLabelKeys', matchLabelKeys],
    ['mismatchLabelKeys', mismatchLabelKeys],
  ] as const;
  return [
    ...lists.flatMap(([field, keys]) => [
      ...(keys.length > 0 && !term.labelSelector
        ? [forbiddenField(`${path}.${field}`, 'must not be specified when labelSelector is not set')]
        : []),
      ...keys.flatMap((key, index) => invalidValues(`${path}.${field}[${index}]`, key, qualifiedNameProblems(key))),
    ]),
    ...matchLabelKeys.flatMap((key, index) =>
      mismatchLabelKeys.includes(key)
        ? [invalidValue(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys')]
        : [],
    ),
  ];
};

export const validateTolerations = (tolerations: readonly Toleration[], path: string): FieldError[] =>
  tolerations.flatMap((toleration, index) => validateToleration(toleration, `${path}[${index}]`));

const validateToleration = (toleration: Toleration, path: string): FieldError[] => {
  const { key, operator, value = '', effect = '', tolerationSeconds } = toleration;
  const errors = key ? invalidValues(`${path}.key`, key, qualifiedNameProblems(key)) : [];
  const wrong = (field: string, given: string, detail: string): number =>
    errors.push(invalidValue(`${path}.${field}`, given, detail));
  if (!key && operator !== 'Exists')
    wrong(
      'operator',
      operator ?? '',
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    wrong('effect', effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
  if (operator === 'Exists') {
    if (value) wrong('operator', value, "value must be empty when `operator` is 'Exists'");
  } else if (!operator || operator === 'Equal') {
    const problems = labelValueProblems(value);
    if (problems.length > 0) wrong('operator', value, problems.join(';'));
  }
  return [
    ...errors,
    ...oneOf(operator || undefined, ['Equal', 'Exists'], `${path}.operator`),
    ...oneOf(effect || undefined, taintEffects, `${path}.effect`),
  ];
};

export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const validateSpread = ({ topologySpreadConstraints = [] }: PodSpec, path: string): FieldError[] => {
  const seen = new Set<string>();
  return topologySpreadConstraints.flatMap((constraint, index) => {
    const at = `${path}[${index}]`;
    const pair = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`;
    const isSeen = seen.has(pair);
    seen.add(pair);
    return [
      ...validateConstraint(constraint, at),
      ...(isSeen ? [duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair)] : []),
    ];
  });
};

const policies = ['Honor', 'Ignore'];

const validateConstraint = (constraint: TopologySpreadConstraint, path: string): FieldError[] => {
  const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: when, minDomains } = constraint;
  const positive = 'must be greater than zero';
  return [
    ...(maxSkew > 0 ? [] : [invalidValue(`${path}.maxSkew`, maxSkew, positive)]),
    ...(topologyKey === ''
      ? [required(`${path}.topologyKey`, 'can not be empty')]
      : invalidValues(`${path}.topologyKey`, topologyKey, qualifiedNameProblems(topologyKey))),
    ...oneOf(when ?? '', ['DoNotSchedule', 'ScheduleAnyway'], `${path}.whenUnsatisfiable`),
    ...(minDomains !== undefined && minDomains <= 0 ? [invalidValue(`${path}.minDomains`, minDomains, positive)] : []),
    ...(minDomains !== undefined && when !== 'DoNotSchedule'
      ? [
          invalidValue(
            `${path}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${when}`,
          ),
        ]
      : []),
    ...oneOf(constraint.nodeAffinityPolicy, policies, `${path}.nodeAffinityPolicy`),
    ...oneOf(constraint.nodeTaintsPolicy, policies, `${path}.nodeTaintsPolicy`),
    ...((constraint.matchLabelKeys ?? []).length > 0 && !constraint.labelSelector
      ? [forbiddenField(`${path}.matchLabelKeys`, 'must not be specified when labelSelector is not set')]
      : []),
    ...validateLabelSelector(constraint.labelSelector, `${path}.labelSelector`),
  ];
};

export const validateGates = ({ schedulingGates = [] }: PodSpec, path: string): FieldError[] => {
  const seen = new Set<string>();
  return schedulingGates.flatMap(({ name = '' }, index) => {
    const at = `${path}[${index}]`;
    const isSeen = seen.has(name);
    seen.add(name);
    return [...invalidValues(at, name, qualifiedNameProblems(name)), ...(isSeen ? [duplicate(at, name)] : [])];
  });
};
