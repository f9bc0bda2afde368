import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deleteService, exposeService } from './services.ts';

export const solve: SolveScript = async (lab) => {
  await exposeService(lab, { name: 'orange-public', app: 'orange', type: 'NodePort' });
  const port = await lab.kubectl('get', 'service', 'orange-public', '-o', 'jsonpath={.spec.ports[0].nodePort}');
  let page = '';
  await lab.until({ en: 'orange answers on the node port', ko: '노드 포트에서 orange 응답' }, async () => {
    page = await lab.client.$`curl -s -m 2 http://192.168.56.11:${port}/`.text();
    return page !== '';
  });
  await lab.answer('seen-address', /client\D*([\d.]+)/i.exec(page)?.[1] ?? page);
};

export const clear: SetupScript = (lab) => deleteService(lab, 'default', 'orange-public');
