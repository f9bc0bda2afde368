import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { untilRules } from './nodes.ts';
import { deleteService, exposeService } from './services.ts';

export const solve: SolveScript = async (lab) => {
  await exposeService(lab, { name: 'temp', app: 'orange', port: 8080, targetPort: 80 });
  for (const node of lab.nodes) await untilRules(lab, node, 'default/temp ->', true);
  const count = await lab.node('node01').$`iptables-save -t nat | grep -c default/temp`.text();
  await lab.answer('how-many', count);
  await lab.kubectl('delete', 'service', 'temp');
  for (const node of lab.nodes) await untilRules(lab, node, 'default/temp', false);
};

/** The API server remembers that the service existed. */
export const clear: SetupScript = async (lab) => {
  await deleteService(lab, 'default', 'temp');
  for (const node of lab.nodes) await untilRules(lab, node, 'default/temp', false);
  await lab.kubectl('delete', '--raw', '/debug/deleted/api/v1/namespaces/default/services/temp');
};
