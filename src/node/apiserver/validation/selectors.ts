// Which label selectors are valid, in the words of apimachinery's ValidateLabelSelector.
import type { LabelSelector, LabelSelectorRequirement } from '../../../api/meta.ts';
import { type FieldError, forbiddenField, invalidValue, required } from './field.ts';
import { labelValueProblems, qualifiedNameProblems, validateLabels } from './names.ts';
import { invalidValues } from './values.ts';

export const operatorProblem = 'not a valid selector operator';

export const validateLabelSelector = (selector: LabelSelector | undefined, path: string): FieldError[] => [
  ...validateLabels(selector?.matchLabels ?? {}, `${path}.matchLabels`),
  ...(selector?.matchExpressions ?? []).flatMap((requirement, index) =>
    validateRequirement(requirement, `${path}.matchExpressions[${index}]`),
  ),
];

const validateRequirement = (requirement: LabelSelectorRequirement, path: string): FieldError[] => [
  ...validateValueCount(requirement, path),
  ...invalidValues(`${path}.key`, requirement.key, qualifiedNameProblems(requirement.key ?? '')),
  ...(requirement.values ?? []).flatMap((value, index) =>
    invalidValues(`${path}.values[${index}]`, value, labelValueProblems(value)),
  ),
];

/** `In` needs values, `Exists` has none. @param operator of a label selector or of a node selector */
export const validateValueCount = (
  { operator, values = [] }: { readonly operator?: string; readonly values?: readonly string[] },
  path: string,
): FieldError[] => {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist': {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      return values.length === 0 ? [] : [forbiddenField(`${path}.values`, detail)];
    }
    default:
      return [invalidValue(`${path}.operator`, operator ?? '', operatorProblem)];
  }
};
