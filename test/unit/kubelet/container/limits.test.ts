import { expect, test } from 'vitest';
import { limitsOf, oomScoreAdj, podLimitsOf, qosClass } from '../../../../src/node/kubelet/container/limits.ts';
import { limitFiles } from '../../../../src/node/sys/cgroup-limits.ts';
import { container, podWith } from '../builders.ts';

test.each([
  { resources: {}, want: 'BestEffort' },
  { resources: { requests: { cpu: '100m' } }, want: 'Burstable' },
  { resources: { limits: { cpu: '1', memory: '1Gi' } }, want: 'Guaranteed' },
  { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, want: 'Burstable' },
])('the QoS class of a pod with $resources is $want', ({ resources, want }) => {
  expect(qosClass(podWith({ containers: [container({ resources })] }))).toBe(want);
});

test('the limits of a container are whole bytes and thousandths of a core', () => {
  const resources = { limits: { memory: '20Mi', cpu: '0.5' }, requests: { cpu: '250m' } };
  expect(limitsOf(container({ resources }))).toEqual({
    memoryBytes: 20 * 2 ** 20,
    cpuLimitMilli: 500,
    cpuRequestMilli: 250,
  });
  expect(limitsOf(container())).toEqual({ cpuRequestMilli: 0 });
});

test('a pod’s weight is the sum of its containers’ CPU requests', () => {
  const containers = ['250m', '1'].map((cpu, index) =>
    container({ name: `c${index}`, resources: { requests: { cpu } } }),
  );
  expect(podLimitsOf(podWith({ containers }))).toEqual({ cpuRequestMilli: 1250 });
});

test.each([
  { resources: {}, want: 1000 },
  { resources: { requests: { memory: '512Mi' } }, want: 750 },
  { resources: { requests: { memory: '4Gi' } }, want: 3 },
  { resources: { requests: { cpu: '1' } }, want: 999 },
  { resources: { limits: { cpu: '1', memory: '1Gi' } }, want: 0 },
])('the kernel’s score for a container with $resources is $want', ({ resources, want }) => {
  const box = container({ resources });
  expect(oomScoreAdj(podWith({ containers: [box] }), box, 2 * 2 ** 30)).toBe(want);
});

test('writes the files of cgroup v1 and cgroup2, as far as the node has the controllers', () => {
  const limits = { memoryBytes: 1000, cpuLimitMilli: 500, cpuRequestMilli: 1000 };
  const names = (version: 1 | 2, ...controllers: ('memory' | 'cpu')[]) =>
    limitFiles(version, controllers, limits).map(({ file, value }) => `${file} ${value}`);
  expect(names(1, 'memory')).toEqual(['memory.limit_in_bytes 1000', 'memory.memsw.limit_in_bytes 1000']);
  expect(names(1, 'cpu')).toEqual(['cpu.cfs_period_us 100000', 'cpu.cfs_quota_us 50000', 'cpu.shares 1024']);
  expect(names(2, 'memory', 'cpu')).toEqual([
    'memory.max 1000',
    'memory.swap.max 0',
    'memory.oom.group 1',
    'cpu.max 50000 100000',
    'cpu.weight 39',
  ]);
  expect(names(2)).toEqual([]);
});
