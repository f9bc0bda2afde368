// What somebody has deleted: the rules for web's last endpoint on controlplane, and web's element of a map on node01.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { restart } from './modes.ts';

export const setup: SetupScript = async (lab) => {
  const controlplane = lab.node('controlplane');
  const { iptables = '' } = await controlplane.facts('iptables');
  const toEndpoints = iptables.split('\n').filter((line) => line.includes('"default/web -> '));
  const chain = toEndpoints.at(-1)?.split(' ').at(-1);
  if (chain === undefined) throw new Error('controlplane has no rules for web');
  await controlplane.restoreRules(`*nat\n:${chain} - [0:0]\nCOMMIT\n`);
  await lab.node('node01').$`nft delete element ip kube-proxy service-ips ${'{ 10.96.60.1 . tcp . 80 }'}`.nothrow();
};

export const solve: SolveScript = async (lab) => {
  for (const node of ['controlplane', 'node01']) await restart(lab, node);
  await lab.answer('share', 'third');
  await lab.answer('chain', 'sep');
  await lab.answer('element', 'service-ips');
  await lab.answer('why', 'memory');
};
