import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('first-packet', 'dns');
  await lab.answer('writer', 'kubelet');
  const words = ['get', 'endpoints', 'kube-dns', '-n', 'kube-system', '-o', 'jsonpath={.subsets[0].addresses[0].ip}'];
  await lab.answer('server', await lab.kubectl(...words));
};
