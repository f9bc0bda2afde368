import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePod, runWeb } from './objects.ts';

const given = [
  { name: 'brownie', app: 'cake', node: 'node01' },
  { name: 'muffin', app: 'cake', node: 'node02' },
  { name: 'scone', app: 'cake', node: 'node02' },
];

export const solve: SolveScript = async (lab) => {
  await clear(lab);
  await runWeb(lab, { name: 'waffle', app: 'cake', node: 'node01' });
  await lab.answer('share', '1/2');
  await lab.answer('health', '503');
};

/** The pods of cake are those of the beginning. */
export const clear: SetupScript = async (lab) => {
  for (const pod of given) await runWeb(lab, pod);
  const names = await lab.kubectl('get', 'pods', '-l', 'app=cake', '-o', 'jsonpath={.items[*].metadata.name}');
  const others = names.split(' ').filter((name) => name !== '' && given.every((pod) => pod.name !== name));
  for (const name of others) await deletePod(lab, { name });
};
