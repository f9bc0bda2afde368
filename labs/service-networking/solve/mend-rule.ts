// The fault: on node01, the DNAT rule of shop/stock sends packets to a wrong port.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { restoreProxy, untilRules } from './nodes.ts';
import { deletePods, ensureNamespace, runPods } from './pods.ts';
import { deleteService, exposeService } from './services.ts';

export const setup: SetupScript = async (lab) => {
  await ensureNamespace(lab, 'shop');
  await runPods(
    lab,
    { name: 'stock', image: 'web', node: 'node02', namespace: 'shop' },
    { name: 'buyer', image: 'toolbox', node: 'node01', namespace: 'shop' },
  );
  await exposeService(lab, { name: 'stock', app: 'stock', namespace: 'shop' });
  await restoreProxy(lab, 'node01');
  await untilRules(lab, 'node01', 'shop/stock ->', true);
  const { iptables = '' } = await lab.node('node01').facts('iptables');
  const rule = iptables.split('\n').find((line) => line.includes('shop/stock') && line.includes('-j DNAT')) ?? '';
  const wrong = rule.replace(/(--to-destination [\d.]+):\d+/, '$1:8888');
  await lab.node('node01').restoreRules(`*nat\n${rule.replace('-A', '-D')}\n${wrong}\nCOMMIT\n`);
};

export const solve: SolveScript = async (lab) => {
  await lab.node('node01').$`systemctl restart kube-proxy`;
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'shop', 'stock');
  await deletePods(lab, 'shop', 'stock', 'buyer');
};
