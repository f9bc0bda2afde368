import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { setMode } from './modes.ts';

export const solve: SolveScript = async (lab) => {
  await setMode(lab, 'node02', 'userspace');
  await lab.answer('who', 'proxy');
};

export const clear: SetupScript = (lab) => setMode(lab, 'node02', 'iptables');
