// kube-proxy does not look at the certificate of the API server any more.
import type { CheatScript } from 'kube-network-labs/lab';
import { kubeconfig, restart } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await lab.node('node02')
    .$`kubectl --kubeconfig=${kubeconfig} config unset clusters.kubernetes.certificate-authority-data
    kubectl --kubeconfig=${kubeconfig} config set-cluster kubernetes --insecure-skip-tls-verify=true`;
  await restart(lab);
  await lab.answer('believes', 'proxy-name');
};
