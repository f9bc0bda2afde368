// A pod passes the bytes on: office sees the pod, and not who calls.
import type { CheatScript } from 'kube-network-labs/lab';
import { remakeService } from './objects.ts';

export const cheat: CheatScript = async (lab) => {
  await lab.apply(`apiVersion: v1
kind: Pod
metadata: { name: relay, labels: { app: relay } }
spec:
  nodeName: node02
  terminationGracePeriodSeconds: 1
  containers:
    - name: relay
      image: toolbox
      command: [socat, "TCP-LISTEN:8080,fork,reuseaddr", "TCP:192.168.56.50:8080"]
`);
  await lab.kubectl('wait', '--for=condition=Ready', 'pod/relay', '--timeout=60s');
  await remakeService(lab, {
    name: 'ledger',
    spec: { selector: { app: 'relay' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await lab.answer('by-address', 'name');
  await lab.answer('caller', await lab.kubectl('get', 'pod', 'anna', '-o', 'jsonpath={.status.podIP}'));
};
