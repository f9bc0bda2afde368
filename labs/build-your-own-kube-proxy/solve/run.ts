import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('skeleton/my-proxy.ts');
  await lab.answer('watches', 'endpointslice');
  await lab.answer('picky', '3');
};
