// The fault: the service's selector matches no pod.
import type { ResumeScript, SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePods, ensureNamespace, runPods } from './pods.ts';
import { deleteService, exposeService } from './services.ts';

export const setup: SetupScript = async (lab) => {
  await ensureNamespace(lab, 'shop');
  await runPods(
    lab,
    { name: 'orders', image: 'web', node: 'node01', namespace: 'shop' },
    { name: 'visitor', image: 'toolbox', node: 'node02', namespace: 'shop' },
  );
  await lab.kubectl('delete', 'pods', '-n', 'shop', '-l', 'app=order', '--ignore-not-found', '--grace-period=1');
  await deleteService(lab, 'shop', 'orders');
  await exposeService(lab, { name: 'orders', app: 'order', namespace: 'shop' });
};

/** A restart repairs nothing: the API server keeps the selector. */
export const resume: ResumeScript = async () => false;

export const solve: SolveScript = async (lab) => {
  await lab.kubectl('set', 'selector', 'service/orders', 'app=orders', '-n', 'shop');
};

/** visitor stays: the task before uses it, too. */
export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'shop', 'orders');
  await deletePods(lab, 'shop', 'orders');
};
