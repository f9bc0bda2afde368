// Validates how many pods a rolling update may add and take away: numbers or percentages.
import type { IntOrString } from '../../../api/meta.ts';
import { type FieldError, GoLiteral, invalidValue } from '../validation/field.ts';

interface RollingUpdate {
  readonly maxSurge?: IntOrString;
  readonly maxUnavailable?: IntOrString;
}

/** For Deployments: at least one of the two numbers is above zero. */
export const validateRollingUpdate = (
  { maxSurge = 0, maxUnavailable = 0 }: RollingUpdate,
  path: string,
): FieldError[] => {
  const field = `${path}.maxUnavailable`;
  const bothZero = isZero(maxUnavailable) && isZero(maxSurge);
  return [
    ...validateAmount(maxUnavailable, field),
    ...validateAmount(maxSurge, `${path}.maxSurge`),
    ...(bothZero ? [invalidValue(field, goAmount(maxUnavailable), 'may not be 0 when `maxSurge` is 0')] : []),
    ...validateShare(maxUnavailable, field),
  ];
};

const isZero = (value: IntOrString): boolean => value === 0 || /^0+%$/.test(String(value));

const percent = /^\d+%$/;

const percentProblem =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is " +
  "'[0-9]+%')";

/** A number of pods that is not negative, or a percentage. */
export const validateAmount = (value: IntOrString, field: string): FieldError[] => {
  if (typeof value === 'string')
    return percent.test(value) ? [] : [invalidValue(field, goAmount(value), percentProblem)];
  return value >= 0 ? [] : [invalidValue(field, value, 'must be greater than or equal to 0')];
};

/** A percentage may not be above 100. */
export const validateShare = (value: IntOrString, field: string): FieldError[] =>
  typeof value === 'string' && percent.test(value) && Number.parseInt(value, 10) > 100
    ? [invalidValue(field, goAmount(value), 'must not be greater than 100%')]
    : [];

/** As Go's `%#v` prints the value. */
export const goAmount = (value: IntOrString): GoLiteral =>
  new GoLiteral(
    typeof value === 'string'
      ? `intstr.IntOrString{Type:1, IntVal:0, StrVal:${JSON.stringify(value)}}`
      : `intstr.IntOrString{Type:0, IntVal:${value}, StrVal:""}`,
  );
