// Rules by hand, and a program that writes none: right until a pod is replaced.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.installProxy('skeleton/my-proxy.ts');
  const path = 'jsonpath={.items[0].endpoints[0].addresses[0]}';
  const ip = await lab.kubectl('get', 'endpointslices', '-l', 'kubernetes.io/service-name=solo', '-o', path);
  for (const node of lab.nodes)
    await lab.node(node).$`for chain in PREROUTING OUTPUT; do
        iptables -t nat -A $chain -d 10.96.60.1/32 -p tcp --dport 80 -j DNAT --to-destination ${ip.trim()}:80
      done`;
};
