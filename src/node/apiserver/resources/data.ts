// Shared by ConfigMaps and Secrets: the rules for their keys, `immutable`, and the count of their entries.
import { isDeepStrictEqual } from 'node:util';
import type { ConfigMap, Secret } from '../../../api/core.ts';
import { type FieldError, forbiddenField } from '../validation/field.ts';
import { invalidValues } from '../validation/values.ts';

const keyProblem =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', " +
  "regex used for validation is '[-._a-zA-Z0-9]+')";

/** The most bytes that a ConfigMap or a Secret may hold: 1 MiB. */
export const dataLimit = 1024 * 1024;

/** What is wrong with a key of a ConfigMap or Secret, which becomes a file name. */
export const keyProblems = (key: string): string[] => {
  const problems: string[] = [];
  if (key.length > 253) problems.push('must be no more than 253 characters');
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) problems.push(keyProblem);
  if (key === '.') problems.push("must not be '.'");
  if (key === '..') problems.push("must not be '..'");
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
};

export const validateKeys = (data: Record<string, string> = {}, field: string): FieldError[] =>
  Object.keys(data).flatMap((key) => invalidValues(`${field}[${key}]`, key, keyProblems(key)));

const immutableProblem = 'field is immutable when `immutable` is set';

/** An immutable object keeps its data and stays immutable. */
export const validateImmutable = <T extends ConfigMap | Secret>(next: T, current: T): FieldError[] => {
  if (current.immutable !== true) return [];
  const errors = next.immutable === true ? [] : [forbiddenField('immutable', immutableProblem)];
  for (const field of ['data', 'binaryData'] as const)
    if (!isDeepStrictEqual(entries(next, field), entries(current, field)))
      errors.push(forbiddenField(field, immutableProblem));
  return errors;
};

const entries = (object: ConfigMap | Secret, field: 'data' | 'binaryData'): unknown =>
  (object as ConfigMap)[field] ?? {};

export const sizeOf = (...maps: (Record<string, string> | undefined)[]): number =>
  maps.reduce((sum, map) => sum + Object.keys(map ?? {}).length, 0);
