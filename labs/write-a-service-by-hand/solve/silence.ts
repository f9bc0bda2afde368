import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  const route = await lab.node('node01').$`ip route get 10.96.50.2`.text();
  await lab.answer('what-happens', 'timeout');
  await lab.answer('next-hop', /via ([\d.]+)/.exec(route)?.[1] ?? route);
  await lab.answer('who-writes', 'kube-controller-manager');
};
