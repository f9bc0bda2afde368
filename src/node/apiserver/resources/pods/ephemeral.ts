// The subresource `ephemeralcontainers`: `kubectl debug` adds containers to a pod that exists.
import { isDeepStrictEqual } from 'node:util';
import type { EphemeralContainer, Pod, PodSpec } from '../../../../api/core-pods.ts';
import { duplicate, type FieldError, forbiddenField, missing } from '../../validation/field.ts';
import type { PartStrategy } from '../definition.ts';
import { setPodDefaults } from './defaults.ts';
import { validateContainer } from './validate/containers.ts';

export const ephemeralContainers: PartStrategy<Pod> = {
  take(given, current) {
    const next = structuredClone(current);
    const list = given.spec?.ephemeralContainers;
    if (list?.length) next.spec.ephemeralContainers = structuredClone(list);
    else delete next.spec.ephemeralContainers;
    setPodDefaults(next.spec);
    return next;
  },
  validate: ({ spec }, { spec: before }) => {
    const next = spec.ephemeralContainers ?? [];
    return [
      ...next.flatMap((container, index) => validateOne(container, spec, index)),
      ...(before.ephemeralContainers ?? []).flatMap((old) => validateKept(old, next)),
    ];
  },
};

const path = 'spec.ephemeralContainers';

const validateKept = (old: EphemeralContainer, next: readonly EphemeralContainer[]): FieldError[] => {
  const kept = next.find(({ name }) => name === old.name);
  if (isDeepStrictEqual(kept, old)) return [];
  const what = kept ? 'changed' : 'removed';
  return [forbiddenField(path, `existing ephemeral containers "${old.name}" may not be ${what}`)];
};

const validateOne = (container: EphemeralContainer, spec: PodSpec, index: number): FieldError[] => {
  const { name, targetContainerName: target } = container;
  const at = `${path}[${index}]`;
  const others = [...spec.containers, ...(spec.initContainers ?? [])].map((other) => other.name);
  const earlier = (spec.ephemeralContainers ?? []).slice(0, index).map((other) => other.name);
  return [
    ...validateContainer(container, spec, at),
    ...(name && [...others, ...earlier].includes(name) ? [duplicate(`${at}.name`, name)] : []),
    ...(target && !others.includes(target) ? [missing(`${at}.targetContainerName`, target)] : []),
    ...validateAllowed(container, at),
  ];
};

/** Nothing may depend on a container that only helps to find a fault. */
const notAllowed = [
  ...['ports', 'resources', 'resizePolicy', 'restartPolicy'],
  ...['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'],
];

const validateAllowed = (container: EphemeralContainer, at: string): FieldError[] => {
  const detail = 'cannot be set for an Ephemeral Container';
  const isSet = (value: unknown): boolean =>
    value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  const given = Object.entries(container).filter(([field, value]) => notAllowed.includes(field) && isSet(value));
  const subPaths = (container.volumeMounts ?? []).flatMap(({ subPath }, index) =>
    subPath ? [forbiddenField(`${at}.volumeMounts[${index}].subPath`, detail)] : [],
  );
  return [...given.map(([field]) => forbiddenField(`${at}.${field}`, detail)), ...subPaths];
};
