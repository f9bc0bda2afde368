import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { startProxy } from './nodes.ts';
import { deleteService, replaceService } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await lab.answer('new-service', 'timeout');
  await lab.answer('no-rules', 'name');
  await lab.answer('direct', 'yes');
  await replaceService(lab, 'shop', 'receipt', { selector: { app: 'cart' }, ports: [{ port: 80, targetPort: 8080 }] });
  await startProxy(lab);
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'shop', 'receipt');
  await startProxy(lab);
};
