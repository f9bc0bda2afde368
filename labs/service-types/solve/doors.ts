import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { addressOf, untilAnnounced } from './balancer.ts';
import { deleteService, patchService } from './objects.ts';

const coffee = { name: 'coffee', spec: { selector: { app: 'coffee' }, ports: [{ port: 80 }] } };

export const solve: SolveScript = async (lab) => {
  await patchService(lab, coffee, { type: 'LoadBalancer', selector: { app: 'coffee' } });
  const address = await addressOf(lab, 'coffee');
  await untilAnnounced(lab, address);
  await lab.answer('kept', 'both');
  let chain = '';
  await lab.until({ en: 'node01 has a rule', ko: 'node01의 규칙 있음' }, async () => {
    const { iptables = '' } = await lab.node('node01').facts('iptables');
    const lines = iptables.split('\n').filter((line) => line.startsWith(`-A KUBE-SERVICES -d ${address}/32`));
    chain = /-j (\S+)/.exec(lines[0] ?? '')?.[1] ?? '';
    return chain !== '';
  });
  await lab.answer('chain', chain);
};

export const clear: SetupScript = (lab) => deleteService(lab, coffee);
