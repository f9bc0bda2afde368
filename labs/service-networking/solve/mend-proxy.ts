// The fault: kube-proxy is stopped on node02 before the service is created, so node02 has no rules for it.
import type { SetupScript, SolveScript } from '../../../src/api/lab.ts';
import { ensureNamespace, exposeService, runPods } from './pods.ts';

export const setup: SetupScript = async (lab) => {
  await ensureNamespace(lab, 'shop');
  await runPods(
    lab,
    { name: 'cart', image: 'web', node: 'node01', namespace: 'shop' },
    { name: 'visitor', image: 'toolbox', node: 'node02', namespace: 'shop' },
  );
  await lab.kubectl('delete', 'service', 'cart', '-n', 'shop', '--ignore-not-found');
  await lab.sh('node02', 'systemctl stop kube-proxy');
  await exposeService(lab, { name: 'cart', app: 'cart', namespace: 'shop' });
};

export const solve: SolveScript = async (lab) => {
  await lab.sh('node02', 'systemctl start kube-proxy');
};
