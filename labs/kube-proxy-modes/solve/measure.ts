import type { LabHandle, SetupScript, SolveScript } from 'kube-network-labs/lab';
import { expected } from './first-sync.ts';
import { restart } from './modes.ts';

const services = 16;
const ports = 25;
const pods = 2;

export const solve: SolveScript = async (lab) => {
  await clear(lab);
  await lab.kubectl('create', 'namespace', 'load');
  for (let pod = 1; pod <= pods; pod += 1)
    await lab.kubectl('run', `web-${pod}`, '-n', 'load', '--image=web', '--labels=app=web');
  await lab.apply(Array.from({ length: services }, (_, index) => manifestOf(`load-${index + 1}`)).join('---\n'));
  await lab.until(
    { en: 'all services have their endpoints', ko: '모든 서비스에 엔드포인트가 있음' },
    () => hasRules(lab),
    120_000,
  );
  await restart(lab, 'controlplane');
  const [milliseconds = ''] = await expected(lab);
  await lab.answer('rules', '3200');
  await lab.answer('ports', '400');
  await lab.answer('sync', milliseconds);
  await lab.answer('least', 'node01');
  await clear(lab);
};

export const clear: SetupScript = async (lab) => {
  await lab.kubectl('delete', 'namespace', 'load', '--ignore-not-found');
};

const hasRules = async (lab: LabHandle): Promise<boolean> => {
  const { iptables = '' } = await lab.node('controlplane').facts('iptables');
  return (
    iptables.split('\n').filter((line) => line.includes('load/load-') && line.includes('-j DNAT')).length >=
    services * ports * pods
  );
};

const manifestOf = (name: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: load }
spec: { selector: { app: web }, ports: ${JSON.stringify(portList)} }
`;

const portList = Array.from({ length: ports }, (_, index) => ({
  name: `p${index + 1}`,
  port: index + 1,
  targetPort: 80,
}));
