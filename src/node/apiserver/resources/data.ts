// Shared by ConfigMaps and Secrets: the rules for their keys, `immutable`, and the count of their entries.
import { isDeepStrictEqual } from 'node:util';
import type { ConfigMap, Secret } from '../../../api/core.ts';
import { type FieldError, forbiddenField, invalidValue } from '../validation/field.ts';

const keyProblem =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', " +
  "regex used for validation is '[-._a-zA-Z0-9]+')";

export const validateKeys = (data: Record<string, string> = {}, field: string): FieldError[] =>
  Object.keys(data)
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map((key) => invalidValue(`${field}[${key}]`, key, keyProblem));

const immutableProblem = 'field is immutable when `immutable` is set';

/** An immutable object keeps its data and stays immutable. */
export const validateImmutable = <T extends ConfigMap | Secret>(next: T, current: T): FieldError[] => {
  if (current.immutable !== true) return [];
  const errors = next.immutable === true ? [] : [forbiddenField('immutable', immutableProblem)];
  return isDeepStrictEqual(next.data, current.data) ? errors : [...errors, forbiddenField('data', immutableProblem)];
};

export const sizeOf = (...maps: (Record<string, string> | undefined)[]): number =>
  maps.reduce((sum, map) => sum + Object.keys(map ?? {}).length, 0);
