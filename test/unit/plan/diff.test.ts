import { expect, test } from 'vitest';
import { describeDifferences, differences } from '../../../src/host/plan/diff.ts';
import { planOf, threeNodes } from './fixtures.ts';

test('a plan does not differ from itself', () => {
  expect(differences(planOf(), planOf())).toEqual([]);
});

test('what changed is named with both values, what is new or gone with one', () => {
  const [controlplane, node01] = threeNodes.nodes;
  const after = {
    ...threeNodes,
    nodes: [controlplane, node01],
    podNetwork: 'vxlan',
    proxy: { verbosity: 4, mode: 'ipvs' },
  };
  expect(describeDifferences(differences(threeNodes, after))).toEqual([
    'nodes.2.name: node02 → (nothing)',
    'nodes.2.role: worker → (nothing)',
    'podNetwork: routes → vxlan',
    'proxy.mode: (nothing) → ipvs',
  ]);
});

test('a new node changes its own machine and the count on the others, and nothing else of them', () => {
  const more = planOf({ nodes: [...threeNodes.nodes, { name: 'node03', role: 'worker' }] });
  const [before, after] = [planOf(), more].map((plan) =>
    Object.fromEntries(plan.machines.map(({ files: _, hosts: __, ...machine }) => [machine.name, machine])),
  );
  const changed = differences(before, after).map(({ what }) => what);
  expect(changed.filter((what) => what.startsWith('node01'))).toEqual(['node01.labels.labs.machines']);
  expect(changed).toContain('node03.link.address');
});
