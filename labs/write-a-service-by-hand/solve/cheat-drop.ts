// node01 drops the packets: the sender waits, as without any rule.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.node('node01').$`for chain in FORWARD OUTPUT; do
      iptables -A $chain -d 10.96.50.5/32 -p tcp --dport 80 -j DROP
    done`;
  await lab.answer('chain', 'forward');
  await lab.answer('destination', 'pod');
};
