// node02 masquerades everything, so no pod sees who calls.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './own-pod.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  await lab.node('node02').$`iptables -t nat -A POSTROUTING -j MASQUERADE`;
};
