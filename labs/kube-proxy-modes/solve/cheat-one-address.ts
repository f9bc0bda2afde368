// The probe's address answers again, but the node's own address does so no more.
import type { CheatScript } from 'kube-network-labs/lab';
import { setField } from './modes.ts';
import { solve } from './node-port.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  await setField(lab, 'node01', 'nodePortAddresses', '[10.244.0.0/16]');
};
