// Each of the two rules takes half of what it sees: a quarter of the connections is left over.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './two-pods.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  const { $ } = lab.node('node01');
  const rules = await $`iptables-save -t nat`.lines();
  const last = rules.findLast((rule) => rule.startsWith('-A BYHAND-fruit-0')) ?? '';
  const half = last.replace(' -j', ' -m statistic --mode random --probability 0.5 -j');
  await lab.node('node01').restoreRules(`*nat\n${last.replace('-A', '-D')}\n${half}\nCOMMIT\n`);
};
