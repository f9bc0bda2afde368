import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { exclusion, linksWith, teaAddress, untilAnnounced, workers } from './balancer.ts';

export const solve: SolveScript = async (lab) => {
  await clear(lab);
  await untilAnnounced(lab, teaAddress);
  const [link] = await linksWith(lab, teaAddress);
  await lab.answer('mac', link?.mac ?? '');
  await lab.answer('moved', 'arp');
  await lab.answer('from-inside', 'controlplane');
};

export const clear: SetupScript = async (lab) => {
  for (const node of workers) await lab.kubectl('label', 'node', node, `${exclusion}-`);
};
