import type { Pod, SetupScript, SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  const pod = await lab.object<Pod>('pod/web-c');
  if (pod?.metadata.labels?.app !== 'web' || pod.status?.phase !== 'Running') {
    if (pod) await lab.kubectl('delete', 'pod', 'web-c', '--grace-period=1');
    await lab.kubectl('run', 'web-c', '--image=web', '--labels=app=web');
  }
  await lab.kubectl('wait', '--for=condition=Ready', 'pod/web-c', '--timeout=60s');
  await lab.answer('more', 'iptables');
  await lab.answer('probability', '0.33333333349');
};

export const clear: SetupScript = async (lab) => {
  await lab.kubectl('delete', 'pod', 'web-c', '--ignore-not-found', '--grace-period=1');
};
