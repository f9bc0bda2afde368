// A certificate of the cluster for another user.
import type { CheatScript } from 'kube-network-labs/lab';
import { issue } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await issue(lab, 'kube-proxy', 'kube-proxy');
  await lab.answer('contains', 'public');
  await lab.answer('who-approves', 'forbidden');
};
