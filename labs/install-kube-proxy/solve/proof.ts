import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { install, isInstalled } from './install.ts';

export const solve: SolveScript = async (lab) => {
  if (!(await isInstalled(lab))) await install(lab);
  await lab.kubectl('scale', 'deployment', 'shop', '--replicas=3');
  await lab.apply(`apiVersion: v1
kind: Service
metadata: { name: market }
spec: { type: NodePort, selector: { app: shop }, ports: [{ port: 80, nodePort: 30070 }] }
`);
  await lab.kubectl('rollout', 'status', 'deployment', 'shop', '--timeout=60s');
  await lab.answer('difference', 'none');
};

export const clear: SetupScript = async (lab) => {
  await lab.kubectl('delete', 'service', 'market', '--ignore-not-found');
  await lab.kubectl('scale', 'deployment', 'shop', '--replicas=2');
};
