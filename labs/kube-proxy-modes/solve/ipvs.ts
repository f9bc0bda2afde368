import type { SolveScript } from 'kube-network-labs/lab';
import { setMode } from './modes.ts';

export const solve: SolveScript = async (lab) => {
  await setMode(lab, 'controlplane', 'iptables');
  await lab.answer('module', 'ip_vs');
  await lab.answer('fallback', 'iptables');
};
