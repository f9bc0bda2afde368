// The kubeconfig of kube-proxy names an address of the control plane that the API server's certificate does not have.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { ensureCertificate, install, renewService, restart, writeKubeconfig } from './install.ts';

export const setup: SetupScript = async (lab) => {
  await install(lab);
  await writeKubeconfig(lab, { server: 'https://10.244.0.1:6443' });
  await lab.node('node02').systemctl('restart', 'kube-proxy');
  await renewService(lab, 'books', '10.96.60.3');
};

export const solve: SolveScript = async (lab) => {
  await ensureCertificate(lab);
  await writeKubeconfig(lab);
  await restart(lab);
  await lab.answer('believes', 'proxy-name');
};

export const clear: SetupScript = async (lab) => {
  await install(lab);
  await lab.kubectl('delete', 'service', 'books', '--ignore-not-found');
};
