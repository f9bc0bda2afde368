import { describe, expect, test } from 'vitest';
import { willBeUnsafe } from '../../../src/host/cli/unsafe-nodes.ts';
import type { ClusterSummary } from '../../../src/host/cluster/status.ts';

const cluster = (given: Partial<ClusterSummary>): ClusterSummary => ({
  name: 'x',
  lab: 'x',
  definition: '',
  variation: {},
  state: 'stopped',
  machines: 3,
  ...given,
});

describe('--unsafe-nodes', () => {
  test('decides for a new lab', () => {
    expect(willBeUnsafe(undefined, true)).toBe(true);
    expect(willBeUnsafe(undefined, false)).toBe(false);
  });

  test('does not change how a lab was built', () => {
    expect(willBeUnsafe(cluster({}), true)).toBe(false);
    expect(willBeUnsafe(cluster({ unsafeNodes: true }), false)).toBe(true);
  });

  test('decides for a lab whose start was interrupted', () => {
    expect(willBeUnsafe(cluster({ state: 'incomplete' }), true)).toBe(true);
    expect(willBeUnsafe(cluster({ state: 'incomplete' }), false)).toBe(false);
  });
});
