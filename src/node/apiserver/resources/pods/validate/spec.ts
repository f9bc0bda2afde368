// Validates the spec of pods and pod templates, in the words and the order of Kubernetes' ValidatePodSpec.
import type { Pod, PodSpec } from '../../../../../api/core-pods.ts';
import { type FieldError, forbiddenField, invalidValue, required } from '../../../validation/field.ts';
import { labelProblems, qualifiedNameProblems, subdomainProblems, validateLabels } from '../../../validation/names.ts';
import { invalidValues, oneOf } from '../../../validation/values.ts';
import { validateContainers, validateImagesOfPod } from './containers.ts';
import { validateDnsConfig, validateHostAliases, validateHostNetworkPorts } from './network.ts';
import { validateAffinity, validateGates, validateSpread, validateTolerations } from './scheduling.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

/** @param isPod false for a template, which allows a little more */
export const validatePodSpec = (spec: PodSpec | undefined, path: string, isPod = false): FieldError[] => {
  if (!spec) return [required(`${path}.containers`)];
  return [
    ...validateVolumes(spec.volumes ?? [], `${path}.volumes`),
    ...validateContainers(spec, path),
    ...validateHostNetworkPorts(spec, path, isPod),
    ...oneOf(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], `${path}.restartPolicy`),
    ...oneOf(spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], `${path}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector ?? {}, `${path}.nodeSelector`),
    ...validatePodSecurity(spec, `${path}.securityContext`),
    ...validateAffinity(spec, `${path}.affinity`),
    ...validateDnsConfig(spec, `${path}.dnsConfig`),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = '' }, index) =>
      invalidValues(
        `${path}.readinessGates[${index}].conditionType`,
        conditionType,
        qualifiedNameProblems(conditionType),
      ),
    ),
    ...validateGates(spec, `${path}.schedulingGates`),
    ...validateSpread(spec, `${path}.topologySpreadConstraints`),
    ...validateNames(spec, path),
    ...validateTolerations(spec.tolerations ?? [], `${path}.tolerations`),
    ...validateHostAliases(spec, `${path}.hostAliases`),
    ...named(`${path}.priorityClassName`, spec.priorityClassName, subdomainProblems),
    ...named(`${path}.runtimeClassName`, spec.runtimeClassName, subdomainProblems),
    ...oneOf(spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${path}.preemptionPolicy`),
  ];
};

const named = (field: string, value: string | undefined, problems: (name: string) => string[]): FieldError[] =>
  value ? invalidValues(field, value, problems(value)) : [];

const maxInt32 = 2 ** 31 - 1;

const validateNames = (spec: PodSpec, path: string): FieldError[] => {
  const { activeDeadlineSeconds: deadline } = spec;
  const inRange = deadline === undefined || (deadline >= 1 && deadline <= maxInt32);
  return [
    ...named(`${path}.serviceAccountName`, spec.serviceAccountName, subdomainProblems),
    ...named(`${path}.nodeName`, spec.nodeName, subdomainProblems),
    ...(inRange
      ? []
      : [invalidValue(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${maxInt32}, inclusive`)]),
    ...named(`${path}.hostname`, spec.hostname, labelProblems),
    ...named(`${path}.subdomain`, spec.subdomain, labelProblems),
  ];
};

/** The problems of a pod, which templates may have. */
export const validatePod = ({ spec }: Pod): FieldError[] => [
  ...validatePodSpec(spec, 'spec', true),
  ...(spec ? validateImagesOfPod(spec, 'spec') : []),
];

/** The problems of a new pod, which an old pod may have. */
export const validateNewPod = ({ spec }: Pod): FieldError[] => [
  ...(spec?.ephemeralContainers?.length ? [forbiddenField('spec.ephemeralContainers', 'cannot be set on create')] : []),
  ...(spec?.nodeName && spec.schedulingGates?.length
    ? [forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared')]
    : []),
];
