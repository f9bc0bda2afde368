import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('pod-subnet', await lab.kubectl('get', 'node', 'node01', '-o', 'jsonpath={.spec.podCIDR}'));
  await lab.answer('pod-maker', 'kubelet');
  await lab.answer('service-worker', 'kube-proxy');
};
