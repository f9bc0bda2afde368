// The conditions of a namespace that is being deleted: what is left in it, and which finalizers hold it.
import type { Namespace } from '../../api/core.ts';
import type { Condition, KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { timestamp } from '../../api/time.ts';

export interface Remains {
  readonly resource: Resource;
  readonly objects: readonly KubeObject[];
}

/** @returns the present conditions themselves when nothing changes */
export const deletionConditions = (
  { status }: Namespace,
  remains: readonly Remains[],
  now: number,
): readonly Condition[] => {
  const present = status?.conditions ?? [];
  const wanted = [...steady, contentRemaining(remains), finalizersRemaining(remains)];
  const next = wanted.map((condition) => {
    const before = present.find(({ type }) => type === condition.type);
    const isKept = before && (['status', 'reason', 'message'] as const).every((key) => before[key] === condition[key]);
    return isKept ? before : { ...condition, lastTransitionTime: timestamp(now) };
  });
  const others = present.filter(({ type }) => !wanted.some((condition) => condition.type === type));
  return next.every((condition) => present.includes(condition)) ? present : [...others, ...next];
};

/** All resources are known and can be deleted here, so these conditions have one value. */
const steady: readonly Condition[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    status: 'False',
    reason: 'ResourcesDiscovered',
    message: 'All resources successfully discovered',
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    status: 'False',
    reason: 'ParsedGroupVersions',
    message: 'All legacy kube types successfully parsed',
  },
  {
    type: 'NamespaceDeletionContentFailure',
    status: 'False',
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
];

const contentRemaining = (remains: readonly Remains[]): Condition => {
  const type = 'NamespaceContentRemaining';
  const counts = remains
    .filter(({ objects }) => objects.length > 0)
    .map(({ resource, objects }) => `${resource.plural}.${resource.group} has ${objects.length} resource instances`);
  if (counts.length === 0)
    return { type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' };
  const message = `Some resources are remaining: ${counts.sort().join(', ')}`;
  return { type, status: 'True', reason: 'SomeResourcesRemain', message };
};

const finalizersRemaining = (remains: readonly Remains[]): Condition => {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  for (const { metadata } of remains.flatMap(({ objects }) => objects))
    for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  if (counts.size === 0) {
    const message = 'All content-preserving finalizers finished';
    return { type, status: 'False', reason: 'ContentHasNoFinalizers', message };
  }
  const list = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
  const message = `Some content in the namespace has finalizers remaining: ${list.join(', ')}`;
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message };
};
