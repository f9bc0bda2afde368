// On node01 the program is stopped before guest goes. So nobody removes the rules.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.installProxy('solve/proxy/7-hairpin.ts');
  await lab.until({ en: 'the rules of guest', ko: 'guest의 규칙' }, async () => {
    const { iptables = '' } = await lab.node('node01').facts('iptables');
    return iptables.includes('10.96.60.6');
  });
  await lab.node('node01').systemctl('stop', 'kube-proxy');
  await lab.kubectl('delete', 'service', 'guest', '--ignore-not-found');
};
