import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deleteService, replaceService } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await lab.answer('short-target', 'name');
  await lab.answer('host', 'asked');
  await replaceService(lab, 'default', 'basket', { type: 'ExternalName', externalName: 'cart.shop.svc.cluster.local' });
};

export const clear: SetupScript = (lab) => deleteService(lab, 'default', 'basket');
