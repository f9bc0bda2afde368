// Puts a new pod's values of matchLabelKeys and mismatchLabelKeys into the label selectors of its affinity terms.
import type { Pod } from '../../../../api/core-pods.ts';
import type { PodAffinityTerm } from '../../../../api/scheduling.ts';

/** Only when the pod is created, so that a later change of its labels changes no selector. */
export const mergeLabelKeys = ({ spec, metadata: { labels = {} } }: Pod): void => {
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...preferred.flatMap(({ podAffinityTerm: term }) => term ?? []),
    ];
    for (const term of terms) mergeInto(term, labels);
  }
};

const mergeInto = (term: PodAffinityTerm, labels: Readonly<Record<string, string>>): void => {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  if (!labelSelector) return;
  const requirements = [
    ...matchLabelKeys.map((key) => ({ key, operator: 'In' as const })),
    ...mismatchLabelKeys.map((key) => ({ key, operator: 'NotIn' as const })),
  ].flatMap(({ key, operator }) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
  if (requirements.length > 0)
    labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...requirements];
};
