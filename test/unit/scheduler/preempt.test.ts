// Preemption: a pod of higher priority takes the room of pods of lower priority.
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/core-pods.ts';
import { schedule } from '../../../src/node/scheduler/schedule.ts';
import { buildSnapshot } from '../../../src/node/scheduler/snapshot.ts';
import { aNode, aPod, type PodOptions } from '../../support/objects.ts';

const high = 2_000_000_000;
const aRunning = (name: string, node: string, cpu: string, options: PodOptions & { priority?: number } = {}): Pod =>
  aPod(name, { ...options, node, spec: { ...asking(cpu), priority: options.priority ?? 0, ...options.spec } });
const asking = (cpu: string): Pick<Pod['spec'], 'containers'> => ({
  containers: [{ name: 'main', image: 'web', resources: { requests: { cpu } } }],
});

const decide = (cpu: string, others: readonly Pod[], spec: Partial<Pod['spec']> = {}, status: Pod['status'] = {}) => {
  const pod = aPod('urgent', { phase: 'Pending', spec: { ...asking(cpu), priority: high, ...spec } });
  const nodes = [aNode('node01'), aNode('node02')];
  const decision = schedule({ ...pod, status: { ...pod.status, ...status } }, buildSnapshot(nodes, others));
  if ('info' in decision) return { node: decision.info.node.metadata.name };
  const { unschedulable, preemption } = decision;
  if (!preemption) return { message: unschedulable };
  const victims = preemption.victims.map(({ metadata }) => metadata.name);
  return { message: unschedulable, nominated: preemption.info.node.metadata.name, victims };
};

const noRoom = '0/2 nodes are available: 2 Insufficient cpu.';

describe('preemption', () => {
  test('takes the node with the fewest victims, and only as many victims as needed', () => {
    const others = [
      aRunning('a', 'node01', '1'),
      aRunning('b', 'node01', '1'),
      aRunning('c', 'node02', '1500m'),
      aRunning('d', 'node02', '200m'),
    ];
    expect(decide('1500m', others)).toEqual({ message: noRoom, nominated: 'node02', victims: ['c'] });
    expect(decide('1', others.slice(0, 2).concat(aRunning('e', 'node02', '2', { priority: 5 })))).toMatchObject({
      nominated: 'node01',
    });
  });

  test('spares the older of two pods with one priority, and the pod with the higher priority', () => {
    const start = (startTime: string): PodOptions => ({ metadata: { creationTimestamp: startTime } });
    const full = aRunning('full', 'node02', '2', { priority: high });
    const young = aRunning('young', 'node01', '1', start('2026-01-02T00:00:00Z'));
    const old = aRunning('old', 'node01', '1', start('2026-01-01T00:00:00Z'));
    expect(decide('1', [full, young, old])).toMatchObject({ victims: ['young'] });
    expect(decide('1', [full, { ...young, spec: { ...young.spec, priority: 1 } }, old])).toMatchObject({
      victims: ['old'],
    });
  });

  test('does not touch pods of the same or a higher priority', () => {
    const others = ['node01', 'node02'].map((node) => aRunning(`on-${node}`, node, '2', { priority: high }));
    expect(decide('1', others)).toEqual({
      message: `${noRoom} preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.`,
    });
  });

  test('is not tried if the pod would not fit even then', () => {
    const others = [aRunning('a', 'node01', '1'), aRunning('b', 'node02', '1')];
    expect(decide('3', others)).toEqual({
      message: `${noRoom} preemption: 0/2 nodes are available: 2 Insufficient cpu.`,
    });
  });

  test('is not tried for a pod whose policy is Never', () => {
    expect(
      decide('2', [aRunning('a', 'node01', '1'), aRunning('b', 'node02', '1')], { preemptionPolicy: 'Never' }),
    ).toEqual({
      message: `${noRoom} preemption: not eligible due to preemptionPolicy=Never.`,
    });
  });

  test('waits for the victims of an earlier preemption', () => {
    const others = [aRunning('a', 'node01', '1', { deleting: true }), aRunning('b', 'node02', '1')];
    expect(decide('2', others, {}, { nominatedNodeName: 'node01' })).toEqual({
      message: `${noRoom} preemption: not eligible due to a terminating pod on the nominated node.`,
    });
  });

  test('makes room for host ports and for pods that refuse neighbours', () => {
    const ports = [{ containerPort: 80, hostPort: 80, protocol: 'TCP' as const }];
    const containers = [{ name: 'main', image: 'web', ports }];
    const others = ['node01', 'node02'].map((node) => aPod(`on-${node}`, { node, spec: { containers } }));
    expect(decide('0', others, { containers })).toMatchObject({ nominated: 'node01', victims: ['on-node01'] });
    const podAffinityTerm = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [podAffinityTerm] } };
    expect(decide('0', others, { affinity })).toMatchObject({ nominated: 'node01', victims: ['on-node01'] });
  });
});
