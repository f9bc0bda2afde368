import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = async (lab) => {
  await on(lab, 'host1', 'cable red veth-red; addressed red 10.20.1.2/24');
  await lab.answer('one-end', 'no-carrier');
};

export const clear: SetupScript = (lab) => on(lab, 'host1', 'gone veth-red');

/** The address is there, but on the host's end of the cable. */
export const cheat: SolveScript = async (lab) => {
  await on(lab, 'host1', 'cable red veth-red; ip address replace 10.20.1.2/24 dev veth-red');
  await lab.answer('one-end', 'no-carrier');
};
