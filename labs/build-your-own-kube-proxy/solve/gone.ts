import type { SetupScript, SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.installProxy('solve/proxy/7-hairpin.ts');
  await lab.kubectl('delete', 'service', 'guest', '--ignore-not-found');
  await lab.answer('how', 'missing');
};

export const clear: SetupScript = async (lab) => {
  await lab.removeProxy();
  await lab.apply(`apiVersion: v1
kind: Service
metadata: { name: guest }
spec: { clusterIP: 10.96.60.6, selector: { app: fruit }, ports: [{ port: 80 }] }
`);
};
