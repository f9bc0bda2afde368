import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePod, deleteService, remakeService, runWeb } from './objects.ts';

const pods = ['primary', 'replica'].map((name) => ({
  name,
  app: 'pair',
  node: 'node01',
  spec: { hostname: name, subdomain: 'pair' },
}));
const service = {
  name: 'pair',
  spec: { clusterIP: 'None', selector: { app: 'pair' }, ports: [{ name: 'http', port: 8080, targetPort: 80 }] },
};

export const solve: SolveScript = async (lab) => {
  for (const pod of pods) await runWeb(lab, pod);
  await remakeService(lab, service);
  await lab.answer('port', 'refused');
  await lab.answer('srv', '80');
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, service);
  for (const pod of pods) await deletePod(lab, pod);
};
