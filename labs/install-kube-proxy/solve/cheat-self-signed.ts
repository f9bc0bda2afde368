// A certificate for the right user that node02 has signed itself.
import type { CheatScript } from 'kube-network-labs/lab';
import { pki } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await lab.node('node02').$`cd ${pki} && umask 077 && openssl req -x509 -newkey ec -pkeyopt \
    ec_paramgen_curve:prime256v1 -nodes -subj /CN=system:kube-proxy -keyout kube-proxy.key -out kube-proxy.crt`;
  await lab.answer('contains', 'public');
  await lab.answer('who-approves', 'forbidden');
};
