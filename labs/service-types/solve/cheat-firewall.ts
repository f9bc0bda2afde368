// The list is right, and rules by hand close the port of the nodes for one stranger. The next stranger gets in.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  const spec = { loadBalancerSourceRanges: ['192.168.56.100/32'] };
  await lab.kubectl('patch', 'service', 'vip', '-p', JSON.stringify({ spec }));
  for (const node of lab.nodes)
    await lab.node(node).$`iptables -t mangle -A PREROUTING -s 192.168.56.50 -p tcp --dport 30400 -j DROP`;
  await lab.answer('anna', 'timeout');
};
