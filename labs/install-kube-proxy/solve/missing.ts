import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('status', 'ready');
  await lab.answer('fails', 'pods');
  const unit = await lab.node('node01').$`systemctl cat kube-proxy`.text();
  await lab.answer('config', /--config=(\S+)/.exec(unit)?.[1] ?? '');
};
