// Sets the nodes back, whatever a student did to units, parameters, links and addresses.
import type { SetupScript } from 'kube-network-labs/lab';

export const restore: SetupScript = async (lab) => {
  await Promise.all(
    lab.nodes.map(async (name) => {
      const { $, systemctl } = lab.node(name);
      await $`rm -rf /etc/systemd/system/kube-proxy.service.d /run/systemd/system/kube-proxy.service*
        sysctl -qw net.ipv4.ip_forward=1
        ip link set eth0 mtu 1500 up
        ip -4 address show dev lo scope global | awk '/inet /{print $2}' | xargs -r -n 1 ip address del dev lo`;
      const units = await $`ls /etc/systemd/system/labs.target.wants`.lines();
      await systemctl('daemon-reload');
      await systemctl('start', ...units);
      await systemctl('restart', 'kube-proxy', 'podnet');
    }),
  );
};
