import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePod, deleteService, remakeService } from './objects.ts';

const ledger = { name: 'ledger', spec: { ports: [{ port: 80, targetPort: 8080 }] } };

export const solve: SolveScript = async (lab) => {
  await remakeService(lab, ledger);
  await lab.apply(
    JSON.stringify({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'ledger-office', labels: { 'kubernetes.io/service-name': 'ledger' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.168.56.50'] }],
      ports: [{ port: 8080 }],
    }),
  );
  await lab.answer('by-address', 'name');
  await lab.answer('caller', await lab.kubectl('get', 'pod', 'anna', '-o', 'jsonpath={.status.podIP}'));
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, ledger);
  await deletePod(lab, { name: 'relay' });
};
