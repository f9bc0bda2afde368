// Sets the nodes back, whatever a student did to units and parameters.
import type { SetupScript } from 'kube-network-labs/lab';

export const restore: SetupScript = async (lab) => {
  await Promise.all(
    lab.nodes.map(async (name) => {
      const { $, systemctl } = lab.node(name);
      await $`sysctl -qw net.ipv4.ip_forward=1
        rm -rf /run/systemd/system/kube-proxy.service*
        for command in iptables iptables-legacy; do $command -t nat -F POSTROUTING; done 2>/dev/null`.nothrow();
      await systemctl('daemon-reload');
      await systemctl('start', 'kubelet', 'podnet');
      await $`systemctl try-restart kube-proxy`.nothrow();
    }),
  );
};
