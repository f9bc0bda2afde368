import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deleteService, replaceService } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await lab.answer('addresses', '2');
  await lab.answer('port', 'refused');
  await lab.answer('nobody', 'cart');
  await lab.kubectl('scale', 'deployment', 'cart', '-n', 'shop', '--replicas=2');
  const ports = [{ port: 80, targetPort: 8080 }];
  await replaceService(lab, 'shop', 'cart-pods', { clusterIP: 'None', selector: { app: 'cart' }, ports });
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'shop', 'cart-pods');
  await lab.kubectl('scale', 'deployment', 'cart', '-n', 'shop', '--replicas=2');
};
