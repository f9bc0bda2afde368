// The service has one pod only: every client always meets the same one.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './loyal.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  const espresso = await lab.kubectl('get', 'pod', 'espresso', '-o', 'jsonpath={.status.podIP}');
  // A selector of null leaves the endpoints to whoever writes them.
  await lab.kubectl('patch', 'service', 'lounge', '--type=merge', '-p', '{"spec":{"selector":null}}');
  await lab.kubectl('delete', 'endpointslices', '-l', 'kubernetes.io/service-name=lounge');
  await lab.apply(
    JSON.stringify({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'lounge-by-hand', labels: { 'kubernetes.io/service-name': 'lounge' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [espresso.trim()] }],
      ports: [{ port: 80 }],
    }),
  );
};
