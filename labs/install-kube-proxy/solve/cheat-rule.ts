// A rule by hand for the one service, in place of kube-proxy.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  const ips = await lab.kubectl('get', 'pods', '-l', 'app=shop', '-o', 'jsonpath={.items[*].status.podIP}');
  const [first = ''] = ips.split(' ');
  for (const chain of ['PREROUTING', 'OUTPUT'])
    await lab.node('node02').$`iptables -t nat -A ${chain} -d 10.96.60.1 -p tcp --dport 80 -j DNAT --to ${first}:80`;
  await lab.answer('ended', 'known');
};
