// Whether every worker may have addresses of load balancers.
import type { CheckScript, Node } from 'kube-network-labs/lab';
import { exclusion, workers } from './balancer.ts';

export const check: CheckScript = async (lab) => {
  const nodes = await Promise.all(workers.map((name) => lab.object<Node>(`node/${name}`)));
  const excluded = workers.filter((_, index) => nodes[index]?.metadata.labels?.[exclusion] !== undefined);
  if (excluded.length === 0) return { pass: true, observed: workers.join(', ') };
  const names = excluded.join(', ');
  return {
    pass: false,
    expected: { en: 'no worker with the label', ko: '레이블이 있는 워커 없음' },
    observed: { en: `the label is on ${names}`, ko: `레이블이 있는 노드: ${names}` },
  };
};
