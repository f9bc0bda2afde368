// A service of its own with a copy of the endpoint: it works until the pod gets another address.
import type { CheatScript } from 'kube-network-labs/lab';
import { moveKitchen } from './alias.ts';
import { remakeService } from './objects.ts';

export const cheat: CheatScript = async (lab) => {
  await moveKitchen(lab);
  await remakeService(lab, { name: 'menu', spec: { ports: [{ port: 80 }] } });
  const address = await lab.kubectl('get', 'pod', 'menu', '-n', 'catering', '-o', 'jsonpath={.status.podIP}');
  await lab.apply(
    JSON.stringify({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'menu-copy', labels: { 'kubernetes.io/service-name': 'menu' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address.trim()] }],
      ports: [{ port: 80 }],
    }),
  );
  await lab.answer('host', 'typed');
  await lab.answer('port', 'timeout');
};
