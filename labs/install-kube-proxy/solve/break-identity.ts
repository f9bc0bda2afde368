// The kubeconfig of kube-proxy has the certificate of another user, although the entry has the right name.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { ensureCertificate, install, issue, pki, renewService, restart, writeKubeconfig } from './install.ts';

export const setup: SetupScript = async (lab) => {
  await install(lab);
  await issue(lab, 'colleague', 'kube-proxy');
  await writeKubeconfig(lab, { credentials: 'colleague', user: 'system:kube-proxy' });
  await lab.node('node02').$`rm -f ${pki}/colleague.key ${pki}/colleague.crt ${pki}/colleague.csr`;
  await lab.kubectl('delete', 'csr', 'colleague');
  await lab.node('node02').systemctl('restart', 'kube-proxy');
  await renewService(lab, 'bank', '10.96.60.2');
};

export const solve: SolveScript = async (lab) => {
  await ensureCertificate(lab);
  await writeKubeconfig(lab);
  await restart(lab);
  await lab.answer('log', 'forbidden');
};

export const clear: SetupScript = async (lab) => {
  await install(lab);
  await lab.kubectl('delete', 'service', 'bank', '--ignore-not-found');
};
