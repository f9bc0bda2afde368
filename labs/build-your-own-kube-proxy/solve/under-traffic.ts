import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('solve/proxy/7-hairpin.ts');
  await lab.answer('stopped', 'work');
};
