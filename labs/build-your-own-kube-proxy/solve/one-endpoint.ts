import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('solve/proxy/2-one-endpoint.ts');
  await lab.answer('line', 'empty');
};
