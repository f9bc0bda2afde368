// Validates restart policies of containers: only init containers have one, and only with it they have probes and hooks.
import type { Container, PodSpec } from '../../../../api/core.ts';
import { isSidecar } from '../../../../api/pods.ts';
import { type FieldError, forbiddenField } from '../../validation/field.ts';
import { oneOf } from '../../validation/values.ts';

const lasting = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

export const validateRestartPolicies = (
  { containers = [], initContainers = [] }: PodSpec,
  path: string,
): FieldError[] => [
  ...containers.flatMap(({ restartPolicy }, index) =>
    restartPolicy === undefined
      ? []
      : [forbiddenField(`${path}.containers[${index}].restartPolicy`, 'may not be set for non-init containers')],
  ),
  ...initContainers.flatMap((container, index) => validateInit(container, `${path}.initContainers[${index}]`)),
];

const validateInit = (container: Container, path: string): FieldError[] => {
  if (isSidecar(container)) return [];
  const given = lasting.filter((field) => container[field] !== undefined);
  return [
    ...oneOf(container.restartPolicy, ['Always'], `${path}.restartPolicy`),
    ...given.map((field) =>
      forbiddenField(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always'),
    ),
  ];
};
