import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('solve/proxy/6-node-port.ts');
  await lab.answer('who', 'controlplane');
};
