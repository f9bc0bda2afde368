import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { setField } from './modes.ts';

export const solve: SolveScript = async (lab) => {
  await setField(lab, 'node01', 'nodePortAddresses', '[0.0.0.0/0]');
  await lab.answer('localhost', 'two');
  await lab.answer('loopback', 'no');
};

export const clear: SetupScript = (lab) => setField(lab, 'node01', 'nodePortAddresses');
