import type { Deployment, LabHandle, SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deleteService, exposeService } from './services.ts';

export const solve: SolveScript = async (lab) => {
  await deployWeb(lab);
  await exposeService(lab, { name: 'web', app: 'web' });
  await exposeService(lab, { name: 'empty', app: 'empty' });
  await lab.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
  await lab.answer('probability', '0.5');
  await lab.answer('what-happens', 'refused');
};

/** A deployment that fits stays, and is scaled. The selector of a deployment never changes, so another is replaced. */
const deployWeb = async (lab: LabHandle): Promise<void> => {
  const present = await lab.object<Deployment>('deployment/web');
  const { selector, template } = present?.spec ?? {};
  const fits = selector?.matchLabels?.app === 'web' && template?.spec.containers[0]?.image === 'web';
  if (present && fits) {
    await lab.kubectl('scale', 'deployment', 'web', '--replicas=3');
    return;
  }
  if (present) await lab.kubectl('delete', 'deployment', 'web');
  await lab.apply(`apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - { name: web, image: web }
`);
};

export const clear: SetupScript = async (lab) => {
  if (await lab.object('deployment/web')) await lab.kubectl('delete', 'deployment', 'web', '--ignore-not-found');
  await deleteService(lab, 'default', 'web');
  await deleteService(lab, 'default', 'empty');
};
