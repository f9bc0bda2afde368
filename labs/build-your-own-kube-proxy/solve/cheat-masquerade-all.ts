// Everything is masqueraded, so no pod sees who calls.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.installProxy('solve/proxy/7-hairpin.ts');
  for (const node of lab.nodes) await lab.node(node).$`iptables -t nat -I POSTROUTING -j MASQUERADE`;
};
