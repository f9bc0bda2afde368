import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePods, runPods } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await runPods(lab, { name: 'db', image: 'db', node: 'node01' });
  await runPods(lab, { name: 'blue', image: 'toolbox', node: 'node01' });
  const addresses = await lab.node('node01').$`ip -4 -oneline address show dev cni0`.text();
  await lab.answer('bridge-address', /inet ([\d.]+)/.exec(addresses)?.[1] ?? '');
  const peer = (await lab.kubectl('exec', 'db', '--', 'cat', '/sys/class/net/eth0/iflink')).trim();
  const link = await lab.node('node01').$`ip -oneline link | grep '^${peer}:'`.text();
  await lab.answer('veth', /^\d+: ([^@:]+)/.exec(link)?.[1] ?? '');
};

export const clear: SetupScript = (lab) => deletePods(lab, 'default', 'db', 'blue');
