import type { SolveScript } from '../../../src/api/lab.ts';
import { exposeService } from './pods.ts';

export const solve: SolveScript = async (lab) => {
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
  await exposeService(lab, { name: 'web', app: 'web' });
  await exposeService(lab, { name: 'empty', app: 'nobody' });
  await lab.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
  await lab.answer('probability', '0.5');
  await lab.answer('what-happens', 'refused');
};
