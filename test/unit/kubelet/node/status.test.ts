import { describe, expect, test } from 'vitest';
import { newNode, nodeStatus } from '../../../../src/node/kubelet/node/status.ts';
import { now } from '../builders.ts';

describe('the node', () => {
  const machine = {
    name: 'node01',
    ip: '192.168.56.11',
    cpus: 2,
    memoryBytes: 2 ** 31,
    diskBytes: 2 ** 33,
    maxPods: 110,
    port: 10_250,
    machineId: 'm',
    bootId: 'b',
    kernelVersion: '6.18',
    osImage: 'Debian',
    architecture: 'amd64',
    runtimeVersion: '1.21',
  };
  const conditionOf = (networkReady: boolean) =>
    nodeStatus({ machine, images: [], networkReady, now }, undefined).conditions?.find(({ type }) => type === 'Ready');

  test('registers with the standard labels, the labels of its flags and its taints', () => {
    const taint = { key: 'k', effect: 'NoSchedule' as const };
    const node = newNode(machine, { 'node-role.kubernetes.io/control-plane': '' }, [taint]);
    expect(node.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'node01',
      'node-role.kubernetes.io/control-plane': '',
    });
    expect(node.spec?.taints).toEqual([taint]);
  });

  test('is Ready once a CNI configuration exists', () => {
    expect(conditionOf(false)).toMatchObject({ status: 'False', reason: 'KubeletNotReady' });
    expect(conditionOf(true)).toMatchObject({ status: 'True', reason: 'KubeletReady' });
  });

  test('keeps the resources that an administrator wrote into its status', () => {
    const dongles = { 'example.com/dongle': '2', cpu: '99' };
    const before = { capacity: dongles, allocatable: dongles };
    const { capacity, allocatable } = nodeStatus({ machine, images: [], networkReady: true, now }, before);
    expect(capacity).toMatchObject({ 'example.com/dongle': '2', cpu: '2' });
    expect(allocatable).toMatchObject({ 'example.com/dongle': '2', cpu: '2' });
  });

  test('keeps the time at which it became Ready', () => {
    const first = nodeStatus({ machine, images: [], networkReady: true, now }, undefined);
    const later = nodeStatus({ machine, images: [], networkReady: true, now: now + 60_000 }, first);
    const [before, after] = [first, later].map(({ conditions }) => conditions?.find(({ type }) => type === 'Ready'));
    expect(after?.lastTransitionTime).toBe(before?.lastTransitionTime);
    expect(after?.lastHeartbeatTime).not.toBe(before?.lastHeartbeatTime);
  });
});
