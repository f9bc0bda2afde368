import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { forgetMasquerading } from './forget.ts';
import { removeRules, writeMasquerading, writeRules } from './rules.ts';

const rules = { node: 'node02', services: ['fruit'] };

export const solve: SolveScript = async (lab) => {
  await writeRules(lab, rules);
  await writeMasquerading(lab, 'node02');
  await lab.answer('what-happens', 'half-timeout');
};

export const clear: SetupScript = async (lab) => {
  await removeRules(lab, rules);
  await forgetMasquerading(lab, 'node02');
};
