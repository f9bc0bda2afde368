import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('solve/proxy/10-like-kube-proxy.ts');
  await lab.answer('lookup', 'nftables');
};
