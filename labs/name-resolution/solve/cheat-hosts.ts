// The addresses stand in /etc/hosts of the pod. The next address of the service would not.
import type { CheatScript, Service } from 'kube-network-labs/lab';
import { replacePod } from './pods.ts';

export const cheat: CheatScript = async (lab) => {
  const service = await lab.object<Service>('service/shop/cart');
  const hostnames = ['cart', 'cart.shop.svc.cluster.local'];
  await replacePod(lab, 'default', 'nomad', {
    hostAliases: [{ ip: service?.spec.clusterIP, hostnames }],
    containers: [{ name: 'toolbox', image: 'toolbox' }],
  });
};
