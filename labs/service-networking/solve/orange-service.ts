import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePods, runPods } from './pods.ts';
import { deleteService, exposeService } from './services.ts';

export const solve: SolveScript = async (lab) => {
  await exposeService(lab, { name: 'orange', app: 'orange' });
  await runPods(lab, { name: 'green', image: 'toolbox', node: 'node02' });
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'default', 'orange');
  await deletePods(lab, 'default', 'green');
};
