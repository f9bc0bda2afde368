import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { ensureCertificate, pki } from './install.ts';

export const solve: SolveScript = async (lab) => {
  await ensureCertificate(lab);
  await lab.answer('contains', 'public');
  await lab.answer('who-approves', 'forbidden');
};

export const clear: SetupScript = async (lab) => {
  await lab.node('node02').$`cd ${pki} && rm -f kube-proxy.key kube-proxy.crt kube-proxy.csr`;
  await lab.kubectl('delete', 'csr', 'kube-proxy', '--ignore-not-found');
};
