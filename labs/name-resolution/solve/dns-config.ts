import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePods, deleteService, replacePod } from './pods.ts';

const containers = [{ name: 'toolbox', image: 'toolbox' }];

export const solve: SolveScript = async (lab) => {
  await lab.answer('default-policy', 'node');
  await deleteService(lab, 'default', 'cart');
  const options = [{ name: 'ndots', value: '4' }];
  await replacePod(lab, 'default', 'nomad', {
    dnsConfig: { searches: ['shop.svc.cluster.local'], options },
    containers,
  });
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'default', 'cart');
  await deletePods(lab, 'default', 'nomad', 'plain');
};
