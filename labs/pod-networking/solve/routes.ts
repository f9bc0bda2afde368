import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

export const solve: SolveScript = async (lab) => {
  await on(lab, 'host1', 'forward; iptables -t nat -F POSTROUTING; ip route replace 10.20.2.0/24 via 172.16.1.12');
  await on(lab, 'host2', 'forward; iptables -t nat -F POSTROUTING; ip route replace 10.20.1.0/24 via 172.16.1.11');
  await lab.answer('answer-lost', 'router');
};

export const clear: SetupScript = async (lab) => {
  await on(lab, 'host1', 'no_route 10.20.2.0/24; iptables -t nat -F POSTROUTING; sysctl -qw net.ipv4.ip_forward=0');
  await on(lab, 'host2', 'no_route 10.20.1.0/24; sysctl -qw net.ipv4.ip_forward=0');
};

/** Masquerading needs no way back, but hides who asks. */
export const cheat: SolveScript = async (lab) => {
  await on(lab, 'host1', 'forward; ip route replace 10.20.2.0/24 via 172.16.1.12');
  await on(
    lab,
    'host1',
    'iptables -t nat -C POSTROUTING -o eth0 -j MASQUERADE 2>/dev/null || iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE',
  );
  await on(lab, 'host2', 'forward');
  await lab.answer('answer-lost', 'router');
};
