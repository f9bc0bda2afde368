// green is never ready by itself. A manifest of the lab cannot make it: the start of the lab would wait for it.
import type { SetupScript } from 'kube-network-labs/lab';

const green = `apiVersion: v1
kind: Pod
metadata: { name: green, labels: { app: picky } }
spec:
  nodeName: node02
  terminationGracePeriodSeconds: 1
  containers:
    - name: green
      image: web
      readinessProbe: { exec: { command: [test, -e, /tmp/ripe] }, periodSeconds: 1, failureThreshold: 1 }
`;

export const setup: SetupScript = async (lab) => {
  await lab.apply(green);
  await lab.until({ en: 'green runs', ko: 'green 실행' }, async () => {
    const phase = await lab.kubectl('get', 'pod', 'green', '-o', 'jsonpath={.status.podIP}');
    return phase.trim() !== '';
  });
};
