import type { SetupScript, SolveScript } from 'kube-network-labs/lab';

const call = (command: 'ADD' | 'DEL'): string => `
jq '{cniVersion, name} + .plugins[0]' /etc/cni/net.d/10-labs.conflist |
  CNI_COMMAND=${command} CNI_CONTAINERID=byhand CNI_NETNS=/run/netns/byhand CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni \\
  /usr/lib/cni/bridge`;

const remove = `if [ -e /run/netns/byhand ]; then ${call('DEL')}; ip netns delete byhand; fi 2>/dev/null
grep -ls '^byhand' /var/lib/cni/networks/pod-network/10.* | xargs -r rm; true`;

export const solve: SolveScript = async (lab) => {
  await lab.node('node01').$({ input: `${remove}\nip netns add byhand\n${call('ADD')}\n` })`bash -s`;
  await lab.answer('input', 'variables');
};

export const clear: SetupScript = async (lab) => {
  await lab.node('node01').$({ input: remove })`bash -s`;
};

/** The namespace is there, and nobody has called the plugin. */
export const cheat: SolveScript = async (lab) => {
  await lab.node('node01').$({ input: `${remove}\nip netns add byhand; ip -n byhand link set lo up\n` })`bash -s`;
  await lab.answer('input', 'variables');
};
