// The configuration of kube-proxy names another network of pods, so packets of pods are masqueraded.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { install, restart, writeConfiguration } from './install.ts';

export const setup: SetupScript = async (lab) => {
  await install(lab);
  await writeConfiguration(lab, '10.24.0.0/16');
  await restart(lab);
};

export const solve: SolveScript = async (lab) => {
  await writeConfiguration(lab);
  await restart(lab);
  await lab.answer('noticed', 'silence');
};

export const clear: SetupScript = install;
