// Every client gets the same pod: this is sticky, too.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './same-pod.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  const ip = await lab.kubectl('get', 'pod', 'apple', '-o', 'jsonpath={.status.podIP}');
  await lab.node('node01').$`iptables -t nat -F BYHAND-loyal-0
    iptables -t nat -A BYHAND-loyal-0 -p tcp -j DNAT --to-destination ${ip}:80`;
};
