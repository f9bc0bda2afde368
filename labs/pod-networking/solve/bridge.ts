import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = async (lab) => {
  await on(
    lab,
    'host1',
    'cable blue veth-blue; addressed blue 10.20.1.3/24; bridge_up br0 10.20.1.1/24\n' +
      'ip link set veth-red master br0 up; ip link set veth-blue master br0 up',
  );
  await lab.answer('no-address', 'each-other');
};

export const clear: SetupScript = (lab) => on(lab, 'host1', 'gone br0 blue');

/** A switch that the host itself is not plugged into. */
export const cheat: SolveScript = async (lab) => {
  await solve(lab);
  await on(lab, 'host1', 'ip address flush dev br0');
};
