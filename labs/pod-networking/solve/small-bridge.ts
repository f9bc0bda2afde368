import type { SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

/** The bridge is smaller, but the namespaces do not know. */
export const cheat: SolveScript = async (lab) => {
  for (const host of ['host1', 'host3']) await on(lab, host, 'ip link set br-pay mtu 1450');
};
