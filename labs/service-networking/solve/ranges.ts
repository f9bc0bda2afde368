import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deleteService } from './services.ts';

export const solve: SolveScript = async (lab) => {
  const processes = await lab.node('controlplane').$`ps -eww -o args`.text();
  const flag = (name: string): string => new RegExp(`${name}[= ]([\\d./]+)`).exec(processes)?.[1] ?? '';
  await lab.answer('service-range', flag('--service-cluster-ip-range'));
  await lab.answer('last-address', '10.111.255.255');
  await lab.answer('pod-range', flag('--cluster-cidr'));
  const refusal = await lab
    .kubectl('create', 'service', 'clusterip', 'outside', '--tcp=80:80', '--clusterip=10.244.1.77')
    .catch((error: Error) => error.message);
  await lab.answer('refused', refusal);
  await lab.answer('overlap', 'service');
};

export const clear: SetupScript = (lab) => deleteService(lab, 'default', 'outside');
