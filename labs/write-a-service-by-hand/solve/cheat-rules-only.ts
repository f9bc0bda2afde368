// The rules are right, but the flow that was there before still goes where it went.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './gone.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  const asker = await lab.kubectl('get', 'pod', 'asker', '-o', 'jsonpath={.status.podIP}');
  // While no rule stands there, the next datagram makes an entry without a translation.
  const { $ } = lab.node('node01');
  await $`iptables-save -t nat > /run/rules; iptables -t nat -F PREROUTING
    conntrack -D -p udp --orig-dst 10.96.50.6`.nothrow();
  await lab.until({ en: 'asker sends again', ko: 'asker가 다시 전송' }, async () => {
    const entries = await $`conntrack -L -p udp --orig-src ${asker} --orig-dst 10.96.50.6`.nothrow();
    return entries.stdout.includes('sport=4000');
  });
  await $`iptables-restore /run/rules`;
};
