import type { LabHandle, Pod, SetupScript, SolveScript } from 'kube-network-labs/lab';
import { removeRules, writeRules } from './rules.ts';

const rules = { node: 'node01', services: ['clock'] };

export const solve: SolveScript = async (lab) => {
  await replacePod(lab, { old: 'tick', next: 'tock' });
  await writeRules(lab, rules);
  await forgetFlows(lab);
  await lab.answer('where-to', 'old');
};

export const clear: SetupScript = async (lab) => {
  await removeRules(lab, rules);
  await replacePod(lab, { old: 'tock', next: 'tick' });
  await forgetFlows(lab);
};

/** Waits until the service has only the new pod. */
const replacePod = async (
  lab: LabHandle,
  { old, next }: { readonly old: string; readonly next: string },
): Promise<void> => {
  const present = await lab.object<Pod>(`pod/${next}`);
  if (present?.metadata.labels?.app !== 'clock' || present.spec.nodeName !== 'node02') {
    if (present) await lab.kubectl('delete', 'pod', next, '--grace-period=1');
    await lab.apply(podManifest(next));
  }
  await lab.kubectl('delete', 'pod', old, '--ignore-not-found', '--grace-period=1');
  await lab.kubectl('wait', '--for=condition=Ready', `pod/${next}`, '--timeout=60s');
  const ip = await lab.kubectl('get', 'pod', next, '-o', 'jsonpath={.status.podIP}');
  await lab.until({ en: `${next} is the only endpoint`, ko: `유일한 엔드포인트: ${next}` }, async () => {
    const path = 'jsonpath={.items[*].endpoints[*].addresses[0]}';
    const label = 'kubernetes.io/service-name=clock';
    return (await lab.kubectl('get', 'endpointslices', '-l', label, '-o', path)).trim() === ip.trim();
  });
};

const podManifest = (name: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: clock } }
spec:
  nodeName: node02
  terminationGracePeriodSeconds: 1
  containers:
    - name: clock
      image: toolbox
      command: [socat, "UDP-RECVFROM:5005,fork", "SYSTEM:cat >/dev/null; hostname"]
`;

/** conntrack fails if there is nothing to delete. */
const forgetFlows = async (lab: LabHandle): Promise<void> => {
  await lab.node('node01').$`conntrack -D -p udp --orig-dst 10.96.50.6`.nothrow();
};
