import type { SolveScript } from 'kube-network-labs/lab';
import { untilRules } from './nodes.ts';

export const solve: SolveScript = async (lab) => {
  await untilRules(lab, 'node01', 'default/db-service ->', true);
  const rules = await lab.node('node01').$`iptables-save -t nat | grep db-service`.text();
  await lab.answer('service-chain', /-A KUBE-SERVICES .*-j (KUBE-SVC-\w+)/.exec(rules)?.[1] ?? '');
  const dnat = /-A (KUBE-SEP-\w+) .*-j DNAT --to-destination (\S+)/.exec(rules);
  await lab.answer('endpoint-chain', dnat?.[1] ?? '');
  await lab.answer('destination', dnat?.[2] ?? '');
};
