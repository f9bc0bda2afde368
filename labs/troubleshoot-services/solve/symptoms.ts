import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('no-name', 'name');
  await lab.answer('no-endpoint', 'refused');
  await lab.answer('no-rule', 'timeout');
  await lab.answer('no-listener', 'refused');
};
