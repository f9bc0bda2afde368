import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('short', '2');
  await lab.answer('long', '8');
  await lab.answer('absolute', '2');
  await lab.answer('outside', '6');
};
