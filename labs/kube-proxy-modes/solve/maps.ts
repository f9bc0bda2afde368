import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('growth', 'elements');
  await lab.answer('compared', '3');
};
