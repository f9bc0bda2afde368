import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = async (lab) => {
  await on(
    lab,
    'host1',
    'forward; no_route 10.20.3.0/24; tunnel vxlan1 42 172.16.2.13 10.20.0.1/24\n' +
      'ip route replace 10.20.3.0/24 via 10.20.0.3',
  );
  await on(
    lab,
    'host3',
    'forward; no_route 10.20.1.0/24; tunnel vxlan1 42 172.16.1.11 10.20.0.3/24\n' +
      'ip route replace 10.20.1.0/24 via 10.20.0.1',
  );
  await on(lab, 'router', 'no_route 10.20.1.0/24; no_route 10.20.3.0/24');
  await lab.answer('outer', 'hosts');
  await lab.answer('overhead', '50');
};

export const clear: SetupScript = async (lab) => {
  await on(lab, 'host1', 'no_route 10.20.3.0/24; gone vxlan1');
  await on(lab, 'host3', 'no_route 10.20.1.0/24; gone vxlan1');
  await on(lab, 'router', 'no_route 10.20.1.0/24; no_route 10.20.3.0/24');
};

/** Routes on the router, which is not the student's. */
export const cheat: SolveScript = async (lab) => {
  await solve(lab);
  await on(
    lab,
    'router',
    'ip route replace 10.20.1.0/24 via 172.16.1.11; ip route replace 10.20.3.0/24 via 172.16.2.13',
  );
  await on(lab, 'host1', 'no_route 10.20.3.0/24; ip route replace 10.20.3.0/24 via 172.16.1.1');
  await on(lab, 'host3', 'no_route 10.20.1.0/24; ip route replace 10.20.1.0/24 via 172.16.2.1');
};
