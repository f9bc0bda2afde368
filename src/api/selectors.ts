// Label selectors, as objects carry them (metav1.LabelSelector) and as plain maps (a service's selector).
import type { LabelSelector, LabelSelectorRequirement } from './meta.ts';

export type Labels = Readonly<Record<string, string>>;

/** Whether `labels` has every wanted pair. An empty map matches everything, so skip a service without a selector. */
export const matchesLabels = (wanted: Labels, labels: Labels = {}): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** As `metav1.LabelSelectorAsSelector`: an empty selector matches everything, an undefined one nothing. */
export const matchesSelector = (selector: LabelSelector | undefined, labels: Labels = {}): boolean =>
  selector !== undefined &&
  matchesLabels(selector.matchLabels ?? {}, labels) &&
  (selector.matchExpressions ?? []).every((requirement) => matchesRequirement(requirement, labels));

/** `NotIn` also matches where the key is missing, as in Kubernetes. */
export const matchesRequirement = (
  { key, operator, values = [] }: LabelSelectorRequirement,
  labels: Labels,
): boolean => {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
};
