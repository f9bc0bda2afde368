// The kubeconfig of the kubelet in place of an own one.
import type { CheatScript } from 'kube-network-labs/lab';
import { kubeconfig } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await lab.node('node02').$`cp /etc/kubernetes/kubelet.conf ${kubeconfig}`;
  await lab.answer('proves', 'ca');
};
