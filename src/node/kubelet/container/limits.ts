// Computes what the control groups of a container and its pod get: limits of memory and CPU, and weights. Pure.
import type { Container, Pod } from '../../../api/core-pods.ts';
import { milliCpu, wholeUnits } from '../../../api/quantity.ts';
import { requestsOf } from '../../../api/requests.ts';
import type { GroupLimits } from '../../sys/cgroup-limits.ts';

export const limitsOf = (container: Container): GroupLimits => {
  const { memory, cpu } = container.resources?.limits ?? {};
  const [memoryBytes, cpuLimitMilli] = [wholeUnits(memory), milliCpu(cpu)];
  return {
    ...(memoryBytes > 0 ? { memoryBytes } : {}),
    ...(cpuLimitMilli > 0 ? { cpuLimitMilli } : {}),
    cpuRequestMilli: cpuRequest(container),
  };
};

/** Pods share the CPU in proportion to their requests. */
export const podLimitsOf = (pod: Pod): GroupLimits => ({ cpuRequestMilli: requestsOf(pod).get('cpu') ?? 0 });

const cpuRequest = ({ resources }: Container): number => milliCpu(resources?.requests?.cpu ?? resources?.limits?.cpu);

/**
 * Guaranteed when every container's CPU and memory requests equal its limits. BestEffort when no container has requests
 * or limits.
 */
export const qosClass = ({ spec }: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' => {
  const all = [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources = {} }) => resources);
  if (all.every(({ requests = {}, limits = {} }) => Object.keys({ ...requests, ...limits }).length === 0)) {
    return 'BestEffort';
  }
  const guaranteed = all.every(({ requests = {}, limits = {} }) =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
};

/**
 * The original kubelet's formula. A Guaranteed container gets 0, because a node may not lower the value (the original
 * sets -997).
 * @param nodeMemory in bytes
 */
export const oomScoreAdj = (pod: Pod, { resources }: Container, nodeMemory: number): number => {
  const quality = pod.status?.qosClass ?? qosClass(pod);
  if (quality === 'Guaranteed') return 0;
  if (quality === 'BestEffort') return 1000;
  const request = wholeUnits(resources?.requests?.memory ?? resources?.limits?.memory);
  const score = 1000 - Math.floor((1000 * request) / nodeMemory);
  return Math.min(Math.max(score, 3), 999);
};
