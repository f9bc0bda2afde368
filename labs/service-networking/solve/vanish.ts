import type { SolveScript } from '../../../src/api/lab.ts';
import { exposeService, untilRules } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await exposeService(lab, { name: 'temp', app: 'orange', port: 8080, targetPort: 80 });
  for (const node of lab.nodes) await untilRules(lab, node, 'default/temp ->', true);
  const count = await lab.sh('node01', 'iptables-save -t nat | grep -c default/temp');
  await lab.answer('how-many', count);
  await lab.kubectl('delete', 'service', 'temp');
  for (const node of lab.nodes) await untilRules(lab, node, 'default/temp', false);
};
