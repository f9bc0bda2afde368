// A program that does nothing has the name of kube-proxy, and its unit.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.removeProxy();
  for (const node of lab.nodes)
    await lab.node(node).$`systemd-run -q --unit=kube-proxy bash -c 'exec -a kube-proxy sleep infinity'`;
};
