import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  for (const node of lab.nodes) await lab.node(node).systemctl('start', 'kube-proxy');
  await lab.answer('which', 'kernel');
  await lab.answer('how', 'refused');
  await lab.answer('open', 'node01');
  await lab.answer('replaced', 'third');
};
