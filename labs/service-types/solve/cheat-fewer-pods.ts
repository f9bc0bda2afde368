// Both nodes have one pod each: the shares are equal, but a pod of the service is gone.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.kubectl('delete', 'pod', 'scone', '--ignore-not-found', '--grace-period=1');
  await lab.answer('share', '1/2');
  await lab.answer('health', '503');
};
