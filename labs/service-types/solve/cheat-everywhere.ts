// Every node has an agent, but callers meet any of them.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './close-by.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  await lab.kubectl('patch', 'service', 'agent', '-p', JSON.stringify({ spec: { internalTrafficPolicy: 'Cluster' } }));
};
