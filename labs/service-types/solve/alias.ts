import type { LabHandle, SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePod, deleteService, ensureNamespace, remakeService, runWeb } from './objects.ts';

const target = (namespace: string) => ({
  name: 'menu',
  namespace,
  spec: { selector: { app: 'menu' }, ports: [{ port: 80 }] },
});
const pod = (namespace: string) => ({ name: 'menu', namespace, app: 'menu', node: 'node01' });

export const solve: SolveScript = async (lab) => {
  await moveKitchen(lab);
  await remakeService(lab, {
    name: 'menu',
    spec: { type: 'ExternalName', externalName: 'menu.catering.svc.cluster.local' },
  });
  await lab.answer('host', 'typed');
  await lab.answer('port', 'timeout');
};

/** The kitchen moves from one namespace to another. */
export const moveKitchen = async (lab: LabHandle): Promise<void> => {
  await ensureNamespace(lab, 'catering');
  await runWeb(lab, pod('catering'));
  if (!(await lab.object('service/catering/menu'))) await remakeService(lab, target('catering'));
  await deleteService(lab, target('kitchen'));
  await deletePod(lab, pod('kitchen'));
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, { name: 'menu' });
  await lab.kubectl('delete', 'namespace', 'catering', '--ignore-not-found');
  await ensureNamespace(lab, 'kitchen');
  await runWeb(lab, { ...pod('kitchen'), node: 'node02' });
  if (!(await lab.object('service/kitchen/menu'))) await remakeService(lab, target('kitchen'));
};
