// Everything is made while kube-proxy runs, then kube-proxy is stopped: its rules stay.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './proof.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  await lab.node('node02').systemctl('stop', 'kube-proxy');
};
