// Validates containers and init containers of pods and pod templates.
import type { Container, PodSpec } from '../../../../../api/core-pods.ts';
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from '../../../validation/field.ts';
import { labelProblems } from '../../../validation/names.ts';
import { invalidValues, oneOf } from '../../../validation/values.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateLifecycle, validateProbes } from './handlers.ts';
import { validateMounts } from './mounts.ts';
import { validateHostPortConflicts, validatePorts } from './network.ts';
import { validateResources } from './resources.ts';
import { validateSecurityContext } from './security.ts';

export const validateContainers = (spec: PodSpec, path: string): FieldError[] => [
  ...validateRegular(spec, `${path}.containers`),
  ...validateInit(spec, `${path}.initContainers`),
];

const validateRegular = (spec: PodSpec, path: string): FieldError[] => {
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [required(path)];
  const names = new Set<string>();
  const errors = containers.flatMap((container, index) => {
    const at = `${path}[${index}]`;
    return [
      ...validateContainer(container, spec, at),
      ...unique(container, names, at),
      ...validateLifecycle(container.lifecycle, spec, `${at}.lifecycle`),
      ...validateProbes(container, at),
      ...(container.restartPolicy === undefined
        ? []
        : [forbiddenField(`${at}.restartPolicy`, 'may not be set for non-init containers')]),
    ];
  });
  return [...errors, ...validateHostPortConflicts(containers, path)];
};

const validateInit = (spec: PodSpec, path: string): FieldError[] => {
  const names = new Set((spec.containers ?? []).map(({ name }) => name));
  return (spec.initContainers ?? []).flatMap((container, index) => {
    const at = `${path}[${index}]`;
    return [
      ...validateContainer(container, spec, at),
      ...oneOf(container.restartPolicy, ['Always'], `${at}.restartPolicy`),
      ...unique(container, names, at),
      ...validateHostPortConflicts([container], path),
      ...validateHooks(container, spec, at),
    ];
  });
};

/** Only an init container that keeps running has probes and hooks. */
const validateHooks = (container: Container, spec: PodSpec, path: string): FieldError[] => {
  if (container.restartPolicy === 'Always')
    return [...validateLifecycle(container.lifecycle, spec, `${path}.lifecycle`), ...validateProbes(container, path)];
  const fields = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;
  const detail = 'may not be set for init containers without restartPolicy=Always';
  return fields.flatMap((field) =>
    container[field] === undefined ? [] : [forbiddenField(`${path}.${field}`, detail)],
  );
};

/** Remembers the name in `names`. */
const unique = ({ name }: Container, names: Set<string>, path: string): FieldError[] => {
  const seen = names.has(name);
  if (name) names.add(name);
  return seen ? [duplicate(`${path}.name`, name)] : [];
};

/** What containers of all kinds have in common, without probes and hooks. */
export const validateContainer = (container: Container, spec: PodSpec, path: string): FieldError[] => [
  ...(container.name
    ? invalidValues(`${path}.name`, container.name, labelProblems(container.name))
    : [required(`${path}.name`)]),
  ...(container.image ? [] : [required(`${path}.image`)]),
  ...oneOf(container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], `${path}.terminationMessagePolicy`),
  ...validatePorts(container.ports ?? [], `${path}.ports`),
  ...validateEnv(container.env ?? [], `${path}.env`),
  ...validateEnvFrom(container.envFrom ?? [], `${path}.envFrom`),
  ...validateMounts(container, spec.volumes ?? [], `${path}.volumeMounts`),
  ...oneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${path}.imagePullPolicy`),
  ...validateResources(container.resources ?? {}, `${path}.resources`),
  ...validateSecurityContext(container.securityContext ?? {}, spec, `${path}.securityContext`),
];

/** Templates may have images with spaces around them, for clients that replace the image. */
export const validateImagesOfPod = (spec: PodSpec, path: string): FieldError[] =>
  (['containers', 'initContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap(({ image = '' }, index) =>
      image === image.trim()
        ? []
        : [invalidValue(`${path}.${list}[${index}].image`, image, 'must not have leading or trailing whitespace')],
    ),
  );
