import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('solve/proxy/5-reject.ts');
  await lab.answer('what-happens', 'timeout');
};
