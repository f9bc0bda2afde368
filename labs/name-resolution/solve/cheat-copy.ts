// A service with an address, and with the endpoints of the other one written by hand.
import type { CheatScript, Service } from 'kube-network-labs/lab';
import { replaceService } from './pods.ts';

export const cheat: CheatScript = async (lab) => {
  const service = await lab.object<Service>('service/shop/cart');
  await replaceService(lab, 'default', 'basket', { ports: [{ port: 80 }] });
  const subsets = [{ addresses: [{ ip: service?.spec.clusterIP }], ports: [{ port: 80 }] }];
  const metadata = { name: 'basket', namespace: 'default' };
  await lab.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Endpoints', metadata, subsets }));
};
