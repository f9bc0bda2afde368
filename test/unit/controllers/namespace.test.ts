import { describe, expect, test } from 'vitest';
import type { Namespace } from '../../../src/api/core.ts';
import { configMaps, deployments } from '../../../src/api/resources.ts';
import { deletionConditions } from '../../../src/node/controllers/namespace-conditions.ts';

const object = (name: string, ...finalizers: string[]) => ({ metadata: { name, finalizers } });
const remains = [
  { resource: deployments, objects: [object('d', 'foregroundDeletion')] },
  { resource: configMaps, objects: [object('a', 'a.b/c'), object('b', 'a.b/c', 'd.e/f'), object('c')] },
];
const namespace = (conditions: readonly object[] = []): Namespace =>
  ({ metadata: { name: 'stuck' }, status: { phase: 'Terminating', conditions } }) as Namespace;
const now = Date.parse('2026-01-01T00:00:00Z');

describe('the conditions of a namespace that is being deleted', () => {
  test('count what is left and name the finalizers', () => {
    const conditions = deletionConditions(namespace(), remains, now);
    expect(conditions.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'NamespaceDeletionDiscoveryFailure False',
      'NamespaceDeletionGroupVersionParsingFailure False',
      'NamespaceDeletionContentFailure False',
      'NamespaceContentRemaining True',
      'NamespaceFinalizersRemaining True',
    ]);
    expect(conditions.slice(3).map(({ message }) => message)).toEqual([
      'Some resources are remaining: configmaps. has 3 resource instances, deployments.apps has 1 resource instances',
      'Some content in the namespace has finalizers remaining: a.b/c in 2 resource instances, d.e/f in 1 resource ' +
        'instances, foregroundDeletion in 1 resource instances',
    ]);
  });

  test('stay as they are while nothing changes, and keep the time of what does not change', () => {
    const first = deletionConditions(namespace(), remains, now);
    expect(deletionConditions(namespace(first), remains, now + 60_000)).toEqual(first);
    const fewer = [{ resource: configMaps, objects: [object('c')] }];
    const second = deletionConditions(namespace(first), fewer, now + 60_000);
    expect(second.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
      ...Array(3).fill('2026-01-01T00:00:00Z'),
      ...Array(2).fill('2026-01-01T00:01:00Z'),
    ]);
    expect(second.at(-1)).toMatchObject({ status: 'False', reason: 'ContentHasNoFinalizers' });
  });
});
