// With the policy Cluster any node may have the address, but till no longer sees who calls.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  const spec = JSON.stringify({ spec: { externalTrafficPolicy: 'Cluster' } });
  await lab.kubectl('patch', 'service', 'till', '-n', 'shop', '-p', spec);
};
