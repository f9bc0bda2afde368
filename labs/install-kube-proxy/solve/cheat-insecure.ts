// A kubeconfig that believes every server.
import type { CheatScript } from 'kube-network-labs/lab';
import { ensureCertificate, kubeconfig, writeKubeconfig } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await ensureCertificate(lab);
  await writeKubeconfig(lab);
  await lab.node('node02')
    .$`kubectl --kubeconfig=${kubeconfig} config unset clusters.kubernetes.certificate-authority-data
    kubectl --kubeconfig=${kubeconfig} config set-cluster kubernetes --insecure-skip-tls-verify=true`;
  await lab.answer('proves', 'ca');
};
