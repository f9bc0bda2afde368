// Which file paths and file modes are valid in volumes and mounts, in the words of Kubernetes' core validation.
import { type FieldError, invalidValue } from './field.ts';

export const validateNoBacksteps = (path: string, field: string): FieldError[] =>
  path.split('/').includes('..') ? [invalidValue(field, path, "must not contain '..'")] : [];

/** A path inside a folder: relative and without `..`. */
export const validateDescendingPath = (path: string, field: string): FieldError[] => [
  ...(path.startsWith('/') ? [invalidValue(field, path, 'must be a relative path')] : []),
  ...validateNoBacksteps(path, field),
];

/** A file of a volume. Names with `..` at their start belong to the kubelet. */
export const validateFilePath = (path: string, field: string): FieldError[] => [
  ...validateDescendingPath(path, field),
  ...(path.startsWith('..') && !path.startsWith('../') && path !== '..'
    ? [invalidValue(field, path, "must not start with '..'")]
    : []),
];

export const validateFileMode = (mode: number | undefined, field: string): FieldError[] =>
  mode === undefined || (mode >= 0 && mode <= 0o777)
    ? []
    : [invalidValue(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
