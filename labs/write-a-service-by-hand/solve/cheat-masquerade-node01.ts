// node01 masquerades everything, also what pods send.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './node-port.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  await lab.node('node01').$`iptables -t nat -A POSTROUTING -j MASQUERADE`;
};
