import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { ensureKubeconfig, kubeconfig } from './install.ts';

export const solve: SolveScript = async (lab) => {
  await ensureKubeconfig(lab);
  await lab.answer('proves', 'ca');
};

export const clear: SetupScript = async (lab) => {
  await lab.node('node02').$`rm -f ${kubeconfig}`;
};
