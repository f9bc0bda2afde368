import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { teaAddress, untilAnnounced } from './balancer.ts';
import { patchService } from './objects.ts';

export const tea = {
  name: 'tea',
  spec: { type: 'LoadBalancer', selector: { app: 'coffee' }, ports: [{ port: 80, nodePort: 30100 }] },
};

export const solve: SolveScript = async (lab) => {
  await patchService(lab, tea, { externalTrafficPolicy: 'Local' });
  await untilAnnounced(lab, teaAddress);
  await lab.answer('seen', '10.244.2.1');
  await lab.answer('nobody', 'timeout');
  await lab.answer('pods', 'all');
};

export const clear: SetupScript = (lab) => patchService(lab, tea, { externalTrafficPolicy: 'Cluster' });
