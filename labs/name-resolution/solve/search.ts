import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('how-many', '3');
  await lab.answer('first-name', 'cart.shop.default.svc.cluster.local');
  await lab.answer('domain', 'svc.cluster.local');
};
