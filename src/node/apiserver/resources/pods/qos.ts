// The QoS class of a pod, from the requests and limits of its containers.
import type { Container, PodSpec } from '../../../../api/core-pods.ts';
import { parseQuantity } from '../../../../api/quantity.ts';

type Kind = 'requests' | 'limits';

/** Kubernetes looks at no other resource. */
const counted = ['cpu', 'memory'] as const;

/** `Guaranteed` if all limits are set and equal the requests, `BestEffort` if there is neither, else `Burstable`. */
export const qosClassOf = ({ containers, initContainers = [] }: PodSpec): string => {
  const all = [...containers, ...initContainers];
  const totals = counted.map((name) => ({
    requests: total(all, 'requests', name),
    limits: total(all, 'limits', name),
  }));
  if (totals.every(({ requests, limits }) => requests === 0 && limits === 0)) return 'BestEffort';
  const limited = all.every((container) => counted.every((name) => amountOf(container, 'limits', name) > 0));
  return limited && totals.every(({ requests, limits }) => requests === limits) ? 'Guaranteed' : 'Burstable';
};

const total = (containers: readonly Container[], kind: Kind, name: string): number =>
  containers.reduce((sum, container) => sum + amountOf(container, kind, name), 0);

/** In thousandths, so that sums are exact. */
const amountOf = ({ resources = {} }: Container, kind: Kind, name: string): number =>
  Math.round((parseQuantity(resources[kind]?.[name] ?? '0') ?? 0) * 1000);
