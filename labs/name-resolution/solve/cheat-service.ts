// An alias in the pod's own namespace in place of a longer search list.
import type { CheatScript } from 'kube-network-labs/lab';
import { replacePod, replaceService } from './pods.ts';

export const cheat: CheatScript = async (lab) => {
  await replaceService(lab, 'default', 'cart', { type: 'ExternalName', externalName: 'cart.shop.svc.cluster.local' });
  await replacePod(lab, 'default', 'nomad', {
    dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
    containers: [{ name: 'toolbox', image: 'toolbox' }],
  });
};
