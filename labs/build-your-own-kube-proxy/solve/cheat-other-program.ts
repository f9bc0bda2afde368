// A program that does nothing has the name of kube-proxy, and its unit.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  for (const node of lab.nodes)
    await lab.node(node).$`systemctl stop kube-proxy 2>/dev/null || true
      systemd-run -q --unit=kube-proxy bash -c 'exec -a kube-proxy sleep infinity'`;
};
