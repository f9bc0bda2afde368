import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = async (lab) => {
  await on(lab, 'host1', 'lo_up red');
  await lab.answer('interfaces', '1');
  await lab.answer('loopback', 'down');
};

export const clear: SetupScript = (lab) => on(lab, 'host1', 'gone red');
