// Validates the mounts of a container.
import type { Container, Volume } from '../../../../../api/core-pods.ts';
import { type FieldError, forbiddenField, invalidValue, missing, required } from '../../../validation/field.ts';
import { validateDescendingPath } from '../../../validation/paths.ts';
import { oneOf } from '../../../validation/values.ts';

type Mount = NonNullable<Container['volumeMounts']>[number];

export const validateMounts = (container: Container, volumes: readonly Volume[], path: string): FieldError[] => {
  const names = new Set(volumes.map(({ name }) => name));
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const at = `${path}[${index}]`;
    const errors: FieldError[] = [];
    if (!mount.name) errors.push(required(`${at}.name`));
    if (!names.has(mount.name)) errors.push(missing(`${at}.name`, mount.name));
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`));
    if (paths.has(mount.mountPath)) errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    return [...errors, ...validateSubPaths(mount, at, path), ...validateModes(mount, container, path)];
  });
};

/** The original names the list, not the mount, in the errors of paths. @param path of the list */
const validateSubPaths = ({ subPath, subPathExpr }: Mount, at: string, path: string): FieldError[] => [
  ...(subPath ? validateDescendingPath(subPath, `${path}.subPath`) : []),
  ...(subPath && subPathExpr
    ? [invalidValue(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive')]
    : []),
  ...(subPathExpr ? validateDescendingPath(subPathExpr, `${path}.subPathExpr`) : []),
];

const validateModes = (
  { mountPropagation: propagation, recursiveReadOnly, readOnly }: Mount,
  { securityContext }: Container,
  path: string,
): FieldError[] => {
  const errors = oneOf(propagation, ['Bidirectional', 'HostToContainer', 'None'], `${path}.mountPropagation`);
  if (propagation === 'Bidirectional' && securityContext?.privileged !== true)
    errors.push(
      forbiddenField(
        `${path}.mountPropagation`,
        'Bidirectional mount propagation is available only to privileged containers',
      ),
    );
  const field = `${path}.recursiveReadOnly`;
  errors.push(...oneOf(recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'], field));
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') return errors;
  if (!readOnly) errors.push(forbiddenField(field, 'may only be specified when readOnly is true'));
  if (propagation !== undefined && propagation !== 'None')
    errors.push(forbiddenField(field, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
};
