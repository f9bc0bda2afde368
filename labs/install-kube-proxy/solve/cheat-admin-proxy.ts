// kube-proxy uses the kubeconfig of the kubelet.
import type { CheatScript } from 'kube-network-labs/lab';
import { kubeconfig, restart } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await lab.node('node02').$`cp /etc/kubernetes/kubelet.conf ${kubeconfig}`;
  await restart(lab);
  await lab.answer('log', 'forbidden');
};
