// No node masquerades what comes from outside: pods see the client, but answers from another node do not come back.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  for (const node of ['node01', 'node02'])
    await lab.node(node).$`iptables -t nat -I POSTROUTING -s 192.168.56.100 -j ACCEPT`;
  await lab.answer('seen', '10.244.2.1');
  await lab.answer('nobody', 'timeout');
  await lab.answer('pods', 'all');
};
