import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { removeRules, writeRules } from './rules.ts';

const rules = { node: 'node01', services: ['loyal'] };

export const solve: SolveScript = async (lab) => {
  await writeRules(lab, rules);
  await lab.answer('one-address', '1');
};

export const clear: SetupScript = (lab) => removeRules(lab, rules);
