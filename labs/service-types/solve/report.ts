// The fault: the only pod of shop/till runs on controlplane, and the policy of its service is Local.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { addressOf, exclusion, linksWith, untilAnnounced } from './balancer.ts';
import { deletePod, deleteService, ensureNamespace, remakeService, runWeb } from './objects.ts';

const till = {
  name: 'till',
  namespace: 'shop',
  spec: {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    selector: { app: 'till' },
    ports: [{ port: 80 }],
  },
};
const pod = { name: 'till', namespace: 'shop', app: 'till' };

export const setup: SetupScript = async (lab) => {
  await ensureNamespace(lab, 'shop');
  await lab.kubectl('delete', 'pods', '-n', 'shop', '-l', 'app=till', '--grace-period=1');
  await lab.kubectl('label', 'node', 'controlplane', `${exclusion}=`, '--overwrite');
  await runWeb(lab, { ...pod, node: 'controlplane' });
  await remakeService(lab, till);
  const address = await addressOf(lab, 'shop/till');
  await lab.until({ en: `no node has ${address}`, ko: `${address} 주소가 어느 노드에도 없음` }, async () => {
    return (await linksWith(lab, address)).length === 0;
  });
};

export const solve: SolveScript = async (lab) => {
  await runWeb(lab, { ...pod, node: 'node01' });
  await untilAnnounced(lab, await addressOf(lab, 'shop/till'));
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, till);
  await deletePod(lab, pod);
  await lab.kubectl('label', 'node', 'controlplane', `${exclusion}=`, '--overwrite');
  await lab.kubectl('delete', 'namespace', 'shop', '--ignore-not-found');
};
