import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePods, runPods } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await runPods(lab, { name: 'orange', image: 'web', node: 'node02' });
  const route = await lab.node('node01').$`ip route show 10.244.2.0/24`.text();
  await lab.answer('next-hop', /via ([\d.]+)/.exec(route)?.[1] ?? '');
};

export const clear: SetupScript = (lab) => deletePods(lab, 'default', 'orange');
