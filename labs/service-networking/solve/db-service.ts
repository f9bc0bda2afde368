import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deleteService, exposeService } from './services.ts';

export const solve: SolveScript = async (lab) => {
  await exposeService(lab, { name: 'db-service', app: 'db', clusterIP: '10.103.132.104', port: 3306 });
  const owners = await Promise.all(
    lab.nodes.map(async (node) =>
      (await lab.node(node).$`ip -brief address`.text()).includes('10.103.132.104') ? [node] : [],
    ),
  );
  await lab.answer('who-owns', owners.flat()[0] ?? 'none');
  await lab.answer('other-port', 'timeout');
};

export const clear: SetupScript = (lab) => deleteService(lab, 'default', 'db-service');
