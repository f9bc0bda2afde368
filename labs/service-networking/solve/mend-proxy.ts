// The fault: kube-proxy is stopped on node02 before the service is created, so node02 has no rules for it.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { restoreProxy, untilRules } from './nodes.ts';
import { deletePods, ensureNamespace, runPods } from './pods.ts';
import { deleteService, exposeService } from './services.ts';

export const setup: SetupScript = async (lab) => {
  await ensureNamespace(lab, 'shop');
  await runPods(
    lab,
    { name: 'cart', image: 'web', node: 'node01', namespace: 'shop' },
    { name: 'visitor', image: 'toolbox', node: 'node02', namespace: 'shop' },
  );
  await deleteService(lab, 'shop', 'cart');
  await restoreProxy(lab, 'node02');
  await untilRules(lab, 'node02', 'shop/cart', false);
  await lab.node('node02').systemctl('stop', 'kube-proxy');
  await exposeService(lab, { name: 'cart', app: 'cart', namespace: 'shop' });
  await untilRules(lab, 'node01', 'shop/cart ->', true);
};

export const solve: SolveScript = async (lab) => {
  await lab.node('node02').$`systemctl start kube-proxy`;
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'shop', 'cart');
  await deletePods(lab, 'shop', 'cart', 'visitor');
};
