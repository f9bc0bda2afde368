// Which fields of a pod an update may change, in the words of Kubernetes' ValidatePodUpdate.
import { isDeepStrictEqual } from 'node:util';
import type { Container, Pod, PodSpec, Toleration } from '../../../../../api/core-pods.ts';
import { type FieldError, forbiddenField, invalidValue } from '../../../validation/field.ts';

const updateProblem =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export const validatePodUpdate = ({ spec: next }: Pod, { spec: current }: Pod): FieldError[] => {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((next[list] ?? []).length !== (current[list] ?? []).length)
      return [forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers')];
  }
  return [
    ...validateDeadline(next.activeDeadlineSeconds, current.activeDeadlineSeconds),
    ...validateAddedTolerations(next.tolerations ?? [], current.tolerations ?? []),
    ...validateRemovedGates(next, current),
    ...validateSelectorOfGated(next, current),
    ...(isDeepStrictEqual(withMutable(next, current), current) ? [] : [forbiddenField('spec', updateProblem)]),
  ];
};

const validateDeadline = (next: number | undefined, current: number | undefined): FieldError[] => {
  const field = 'spec.activeDeadlineSeconds';
  if (current === undefined) return [];
  if (next === undefined) return [invalidValue(field, next, 'must not update from a positive integer to nil value')];
  return next <= current ? [] : [invalidValue(field, next, 'must be less than or equal to previous value')];
};

const validateAddedTolerations = (next: readonly Toleration[], current: readonly Toleration[]): FieldError[] => {
  const identity = ({ tolerationSeconds: _seconds, ...rest }: Toleration) => rest;
  const kept = current.every((old) => next.some((other) => isDeepStrictEqual(identity(old), identity(other))));
  const detail = 'existing toleration can not be modified except its tolerationSeconds';
  return kept ? [] : [forbiddenField('spec.tolerations', detail)];
};

const validateRemovedGates = (next: PodSpec, { schedulingGates = [] }: PodSpec): FieldError[] =>
  (next.schedulingGates ?? []).flatMap(({ name }, index) => {
    if (schedulingGates.some((gate) => gate.name === name)) return [];
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [forbiddenField(`spec.schedulingGates[${index}].name`, detail)];
  });

const isGated = ({ schedulingGates = [] }: PodSpec): boolean => schedulingGates.length > 0;

/** A pod with a scheduling gate may get a narrower node selector. */
const validateSelectorOfGated = (next: PodSpec, current: PodSpec): FieldError[] => {
  if (!isGated(current)) return [];
  const kept = Object.entries(current.nodeSelector ?? {}).every(([key, value]) => next.nodeSelector?.[key] === value);
  return kept
    ? []
    : [
        invalidValue(
          'spec.nodeSelector',
          next.nodeSelector ?? {},
          'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
        ),
      ];
};

/** The new spec with the old values of all fields that may change. */
const withMutable = (next: PodSpec, current: PodSpec): PodSpec => {
  const images = (containers: readonly Container[], old: readonly Container[] = []): Container[] =>
    containers.map((container, index) => ({ ...container, image: old[index]?.image ?? container.image }));
  const result: PodSpec = { ...next, containers: images(next.containers, current.containers) };
  if (next.initContainers) result.initContainers = images(next.initContainers, current.initContainers);
  const fields = ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'] as const;
  for (const field of isGated(current) ? [...fields, 'nodeSelector' as const] : fields) {
    if (current[field] === undefined) delete result[field];
    else Object.assign(result, { [field]: current[field] });
  }
  const wasNegative = (current.terminationGracePeriodSeconds ?? 0) < 0;
  if (wasNegative && next.terminationGracePeriodSeconds === 1)
    Object.assign(result, { terminationGracePeriodSeconds: current.terminationGracePeriodSeconds });
  return result;
};
