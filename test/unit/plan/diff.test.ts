import { expect, test } from 'vitest';
import { describeDifferences, differences } from '../../../src/host/plan/diff.ts';
import { planOf, threeNodes } from './fixtures.ts';

test('a plan does not differ from itself', () => {
  expect(differences(planOf(), planOf())).toEqual([]);
});

test('a changed field has both values, an added or removed field has one', () => {
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

test('a new node adds a machine, and changes only the number of machines on the others', () => {
  const more = planOf({ nodes: [...threeNodes.nodes, { name: 'node03', role: 'worker' }] });
  const [before, after] = [planOf(), more].map((plan) =>
    Object.fromEntries(plan.machines.map(({ files: _, hosts: __, ...machine }) => [machine.name, machine])),
  );
  const changed = differences(before, after).map(({ path }) => path);
  expect(changed.filter((path) => path.startsWith('node01'))).toEqual(['node01.labels.labs.machines']);
  expect(changed).toContain('node03.link.address');
});
