// The packets are dropped: the sender waits, as without any rule.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.installProxy('solve/proxy/4-ready.ts');
  for (const node of lab.nodes)
    await lab.node(node).$`for chain in FORWARD OUTPUT; do
        iptables -A $chain -d 10.96.60.4/32 -p tcp --dport 80 -j DROP
      done`;
};
