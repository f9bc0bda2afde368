// Checks of single values that several resources share, in Kubernetes' words.
import { type FieldError, invalidValue, unsupported } from './field.ts';

export const portProblem = 'must be between 1 and 65535, inclusive';

export const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;

export const protocols = ['SCTP', 'TCP', 'UDP'];

export const immutableProblem = 'field is immutable';

export const oneOf = (value: string | undefined, supported: readonly string[], field: string): FieldError[] =>
  value === undefined || supported.includes(value) ? [] : [unsupported(field, value, supported)];

export const atLeast = (value: number | undefined, least: number, field: string): FieldError[] =>
  value === undefined || value >= least
    ? []
    : [invalidValue(field, value, `must be greater than or equal to ${least}`)];

/** One error per text, such as the problems with a name. */
export const invalidValues = (field: string, value: unknown, problems: readonly string[]): FieldError[] =>
  problems.map((detail) => invalidValue(field, value, detail));
