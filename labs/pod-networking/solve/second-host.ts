import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = (lab) =>
  on(lab, 'host2', 'bridge_up br0 10.20.2.1/24; pod green 10.20.2.2/24 10.20.2.1 br0 veth-green');

export const clear: SetupScript = (lab) => on(lab, 'host2', 'gone green br0');

/** The namespace joined to the network of the hosts. */
export const cheat: SolveScript = async (lab) => {
  await on(
    lab,
    'host2',
    'cable green veth-green; addressed green 10.20.2.2/24; ip route replace 10.20.2.2 dev veth-green',
  );
};
