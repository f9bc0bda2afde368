import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { removeRules, writeRules } from './rules.ts';

const rules = { node: 'node01', services: ['solo'] };

export const solve: SolveScript = async (lab) => {
  await writeRules(lab, rules);
  await lab.answer('hook', 'output');
};

export const clear: SetupScript = (lab) => removeRules(lab, rules);
