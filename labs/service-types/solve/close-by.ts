import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deleteService, patchService } from './objects.ts';

const agent = { name: 'agent', spec: { selector: { app: 'agent' }, ports: [{ port: 80 }] } };

export const solve: SolveScript = async (lab) => {
  await patchService(lab, agent, { internalTrafficPolicy: 'Local', selector: { app: 'agent' } });
  await lab.apply(manifest);
  await lab.kubectl('rollout', 'status', 'daemonset/agent', '--timeout=60s');
  await lab.answer('chris', 'timeout');
  const { spec } = JSON.parse(await lab.kubectl('get', 'service', 'agent', '-o', 'json')) as {
    readonly spec: { readonly clusterIP: string };
  };
  let chain = '';
  await lab.until({ en: 'node01 has a rule for agent', ko: 'node01에 agent의 규칙 있음' }, async () => {
    const { iptables = '' } = await lab.node('node01').facts('iptables');
    const line = iptables.split('\n').find((each) => each.startsWith(`-A KUBE-SERVICES -d ${spec.clusterIP}/32`));
    chain = /-j (KUBE-SVL\S+)/.exec(line ?? '')?.[1] ?? '';
    return chain !== '';
  });
  await lab.answer('chain', chain);
};

export const clear: SetupScript = async (lab) => {
  await deleteService(lab, agent);
  await lab.kubectl('delete', 'daemonset', 'agent', '--ignore-not-found', '--wait');
  await lab.kubectl('wait', '--for=delete', 'pod', '-l', 'app=agent', '--timeout=60s');
};

const manifest = `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      terminationGracePeriodSeconds: 1
      tolerations: [{ operator: Exists, effect: NoSchedule }]
      containers: [{ name: web, image: web }]
`;
