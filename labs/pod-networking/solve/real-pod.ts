import type { SetupScript, SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  const pod = await lab.object('pod/default/web');
  if (!pod) await lab.kubectl('run', 'web', '--image=web', '-l', 'app=web');
  await lab.kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  const index = await lab.pod('web').$`cat /sys/class/net/eth0/iflink`.text();
  const link = await lab.node('node01').$`ip -oneline link | grep '^${index.trim()}:'`.text();
  await lab.answer('veth', /^\d+: ([^@:]+)/.exec(link)?.[1] ?? '');
  await lab.answer('gateway', '10.244.1.1');
  await lab.answer('not-made', 'node-routes');
};

export const clear: SetupScript = async (lab) => {
  await lab.kubectl('delete', 'pod', 'web', '--ignore-not-found', '--grace-period=1');
};
