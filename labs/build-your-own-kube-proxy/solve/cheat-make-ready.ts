// green becomes ready: a proxy that looks at no condition is right then.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = async (lab) => {
  await lab.installProxy('solve/proxy/3-many-endpoints.ts');
  await lab.kubectl('exec', 'green', '--', 'touch', '/tmp/ripe');
  await lab.kubectl('wait', '--for=condition=Ready', 'pod/green', '--timeout=30s');
};
