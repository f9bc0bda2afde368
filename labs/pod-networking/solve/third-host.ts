import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = async (lab) => {
  await on(lab, 'host3', 'forward; bridge_up br0 10.20.3.1/24; pod black 10.20.3.2/24 10.20.3.1 br0 veth-black');
  await lab.answer('next-hop', 'far');
  await lab.answer('who-drops', 'router');
};

export const clear: SetupScript = async (lab) => {
  await on(lab, 'host3', 'gone black br0');
  await on(lab, 'host1', 'no_route 10.20.3.0/24');
};
