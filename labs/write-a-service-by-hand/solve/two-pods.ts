import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { removeRules, writeRules } from './rules.ts';

const rules = { node: 'node01', services: ['fruit'] };

export const solve: SolveScript = async (lab) => {
  await writeRules(lab, rules);
  await lab.answer('share', 'quarter');
  await lab.answer('counter', '1');
};

export const clear: SetupScript = (lab) => removeRules(lab, rules);
