import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('mode', 'iptables');
  await lab.answer('rules', '8');
  await lab.answer('new-endpoint', '3');
};
