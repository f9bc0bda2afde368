// A program on node01 has the address and passes the bytes on: no rule changes a packet.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  const ip = await lab.kubectl('get', 'pod', 'apple', '-o', 'jsonpath={.status.podIP}');
  await lab.node('node01').$`systemctl stop relay 2>/dev/null || true
    ip address replace 10.96.50.1/32 dev lo
    systemd-run -q --unit=relay socat TCP-LISTEN:80,bind=10.96.50.1,fork,reuseaddr TCP:${ip}:80`;
  await lab.answer('hook', 'output');
};
