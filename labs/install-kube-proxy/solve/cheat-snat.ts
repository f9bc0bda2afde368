// A rule takes packets of pods out of masquerading, and the configuration stays wrong.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.node('node02').$`iptables -t nat -I POSTROUTING -s 10.244.2.0/24 -j ACCEPT`;
  await lab.answer('noticed', 'silence');
};
