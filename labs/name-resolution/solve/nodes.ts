// Sets the nodes back, whatever a student did to the units.
import type { SetupScript } from 'kube-network-labs/lab';

export const restore: SetupScript = async (lab) => {
  await Promise.all(
    lab.nodes.map(async (name) => {
      const { $, systemctl } = lab.node(name);
      const units = await $`ls /etc/systemd/system/labs.target.wants`.lines();
      await systemctl('daemon-reload');
      await systemctl('start', ...units);
    }),
  );
};

/** kube-proxy writes again at its start what is missing on the node. */
export const startProxy: SetupScript = async (lab) => {
  const { systemctl } = lab.node('node02');
  await systemctl('daemon-reload');
  await systemctl('restart', 'kube-proxy');
};
