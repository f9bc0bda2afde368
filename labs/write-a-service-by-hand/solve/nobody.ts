import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { removeRules, writeRules } from './rules.ts';

const rules = { node: 'node01', services: ['empty'] };

export const solve: SolveScript = async (lab) => {
  await writeRules(lab, rules);
  await lab.answer('chain', 'forward');
  await lab.answer('destination', 'pod');
};

export const clear: SetupScript = (lab) => removeRules(lab, rules);
