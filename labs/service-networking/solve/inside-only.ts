import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('what-happens', 'timeout');
  await lab.answer('why', 'no-rule');
};
