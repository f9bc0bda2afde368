// Whether a load balancer that shares connections among the workers gives each pod of cake the same share.
import type { CheckScript } from 'kube-network-labs/lab';
import { workers } from './balancer.ts';

interface Slices {
  readonly items: readonly {
    readonly endpoints?: readonly { readonly nodeName?: string; readonly conditions?: { readonly ready?: boolean } }[];
  }[];
}

export const check: CheckScript = async (lab) => {
  const label = 'kubernetes.io/service-name=cake';
  const { items } = JSON.parse(await lab.kubectl('get', 'endpointslices', '-l', label, '-o', 'json')) as Slices;
  const ready = items
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter(({ conditions }) => conditions?.ready !== false);
  const counts = workers.map((worker) => ready.filter(({ nodeName }) => nodeName === worker).length);
  const shown = workers.map((worker, index) => `${worker}: ${counts[index]}`).join(', ');
  const observed = { en: `ready pods of cake: ${shown}`, ko: `준비된 cake의 파드: ${shown}` };
  if (counts.every((count) => count === counts[0]) && ready.length > 3) return { pass: true, observed };
  return {
    pass: false,
    expected: {
      en: 'the same share for each pod, and none of the three is gone',
      ko: '세 파드가 모두 있고 모든 파드의 몫이 같음',
    },
    observed,
  };
};
