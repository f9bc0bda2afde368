import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('solve/proxy/3-many-endpoints.ts');
  await lab.answer('third', '1/2');
};
