// The nodes are without a proxy again. The student's file stays.
import type { SetupScript } from 'kube-network-labs/lab';

export const clear: SetupScript = async (lab) => {
  await lab.removeProxy();
  // The last program lets the kernel route packets from 127.0.0.1, and this outlives the program.
  await Promise.all(lab.nodes.map((node) => lab.node(node).$`sysctl -qw net.ipv4.conf.all.route_localnet=0`));
};
