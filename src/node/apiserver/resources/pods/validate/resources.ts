// Validates the requests and limits of a container.
import type { Container } from '../../../../../api/core-pods.ts';
import { parseQuantity } from '../../../../../api/quantity.ts';
import { type FieldError, forbiddenField, invalidValue, required } from '../../../validation/field.ts';
import { qualifiedNameProblems } from '../../../validation/names.ts';
import { invalidValues } from '../../../validation/values.ts';

type Resources = NonNullable<Container['resources']>;

const standard = ['cpu', 'memory', 'ephemeral-storage'];
const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** Requests of these may be smaller than their limits. */
const mayOvercommit = (name: string): boolean => !name.includes('/') && !isHugePages(name);

export const validateResources = ({ requests = {}, limits = {} }: Resources, path: string): FieldError[] => {
  const errors = [
    ...Object.entries(limits).flatMap(([name, amount]) => validateAmount(name, amount, `${path}.limits[${name}]`)),
    ...Object.entries(requests).flatMap(([name, amount]) => [
      ...validateAmount(name, amount, `${path}.requests[${name}]`),
      ...validateLimit(name, amount, limits[name], path),
    ]),
  ];
  const names = Object.keys({ ...requests, ...limits });
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  return errors;
};

const validateAmount = (name: string, amount: string, path: string): FieldError[] => {
  const value = parseQuantity(amount) ?? 0;
  const isWhole = !name.includes('/') || Number.isInteger(value);
  return [
    ...validateResourceName(name, path),
    ...(value < 0 ? [invalidValue(path, amount, 'must be greater than or equal to 0')] : []),
    ...(isWhole ? [] : [invalidValue(path, amount, 'must be an integer')]),
  ];
};

const validateResourceName = (name: string, path: string): FieldError[] => {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0) return invalidValues(path, name, problems);
  if (!name.includes('/'))
    return standard.includes(name) || isHugePages(name)
      ? []
      : invalidValues(path, name, [
          'must be a standard resource type or fully qualified',
          'must be a standard resource for containers',
        ]);
  return name.startsWith('requests.')
    ? [invalidValue(path, name, "doesn't follow extended resource name standard")]
    : [];
};

const validateLimit = (name: string, amount: string, limit: string | undefined, path: string): FieldError[] => {
  const field = `${path}.requests`;
  if (limit === undefined)
    return mayOvercommit(name) || isHugePages(name)
      ? []
      : [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')];
  const [wanted, most] = [parseQuantity(amount) ?? 0, parseQuantity(limit) ?? 0];
  if (!mayOvercommit(name) && wanted !== most)
    return [invalidValue(field, amount, `must be equal to ${name} limit of ${limit}`)];
  return wanted > most ? [invalidValue(field, amount, `must be less than or equal to ${name} limit of ${limit}`)] : [];
};
