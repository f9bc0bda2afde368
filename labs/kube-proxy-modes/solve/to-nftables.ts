import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { setMode } from './modes.ts';

export const solve: SolveScript = async (lab) => {
  await setMode(lab, 'node01', 'nftables');
  await lab.answer('old-rules', 'removed');
  await lab.answer('open', 'conntrack');
};

export const clear: SetupScript = (lab) => setMode(lab, 'node01', 'iptables');
