import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = async (lab) => {
  await on(lab, 'host1', 'for each in red blue; do ip -n $each route replace default via 10.20.1.1; done');
  await lab.answer('no-route', 'unreachable');
};

export const clear: SetupScript = (lab) =>
  on(lab, 'host1', 'for each in red blue; do ip -n $each route delete default 2>/dev/null; done; true');

/** Only the route to host1 that the text tries out. */
export const cheat: SolveScript = async (lab) => {
  await on(lab, 'host1', 'for each in red blue; do ip -n $each route replace 172.16.1.11/32 via 10.20.1.1; done');
  await lab.answer('no-route', 'unreachable');
};
