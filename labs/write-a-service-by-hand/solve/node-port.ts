import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { forgetMasquerading } from './forget.ts';
import { removeRules, writeMasquerading, writeRules } from './rules.ts';

const rules = { node: 'node01', services: ['gate'] };

export const solve: SolveScript = async (lab) => {
  await writeRules(lab, rules);
  await writeMasquerading(lab, 'node01');
  await lab.answer('who-answers', 'pod');
};

export const clear: SetupScript = async (lab) => {
  await removeRules(lab, rules);
  await forgetMasquerading(lab, 'node01');
};
