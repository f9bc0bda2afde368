import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { install, removeUnit } from './install.ts';

export const solve: SolveScript = async (lab) => {
  await install(lab);
  await lab.answer('enable', 'link');
};

export const clear: SetupScript = removeUnit;
