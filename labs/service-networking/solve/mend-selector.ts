// The fault: the service's selector matches no pod.
import type { SetupScript, SolveScript } from '../../../src/api/lab.ts';
import { ensureNamespace, exposeService, runPods } from './pods.ts';

export const setup: SetupScript = async (lab) => {
  await ensureNamespace(lab, 'shop');
  await runPods(
    lab,
    { name: 'orders', image: 'web', node: 'node01', namespace: 'shop' },
    { name: 'visitor', image: 'toolbox', node: 'node02', namespace: 'shop' },
  );
  await exposeService(lab, { name: 'orders', app: 'order', namespace: 'shop' });
};

export const solve: SolveScript = async (lab) => {
  await lab.kubectl('set', 'selector', 'service/orders', 'app=orders', '-n', 'shop');
};
