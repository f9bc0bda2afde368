// Helpers for the solutions: create pods on a chosen node and services for them, and wait for rules.
import type { LabHandle } from '../../../src/api/lab.ts';

interface PodWanted {
  readonly name: string;
  readonly image: string;
  readonly node: string;
  readonly namespace?: string;
  /** The label `app`; the pod's name by default. */
  readonly app?: string;
}

/** Creates pods and waits until they are ready. */
export const runPods = async (lab: LabHandle, ...pods: readonly PodWanted[]): Promise<void> => {
  await lab.apply(pods.map(podManifest).join('---\n'));
  await Promise.all(
    pods.map(({ name, namespace = 'default' }) =>
      lab.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s'),
    ),
  );
};

const podManifest = ({ name, image, node, namespace = 'default', app = name }: PodWanted): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${app} } }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 1
  containers:
    - { name: ${name}, image: ${image} }
`;

interface ServiceWanted {
  readonly name: string;
  readonly app: string;
  readonly namespace?: string;
  readonly type?: 'ClusterIP' | 'NodePort';
  readonly clusterIP?: string;
  readonly port?: number;
  readonly targetPort?: number;
}

export const exposeService = async (lab: LabHandle, service: ServiceWanted): Promise<void> => {
  const { name, app, namespace = 'default', type = 'ClusterIP', clusterIP, port = 80, targetPort = port } = service;
  await lab.apply(`apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  type: ${type}
${clusterIP === undefined ? '' : `  clusterIP: ${clusterIP}\n`}  selector: { app: ${app} }
  ports:
    - { port: ${port}, targetPort: ${targetPort} }
`);
};

export const ensureNamespace = async (lab: LabHandle, name: string): Promise<void> => {
  await lab.apply(`apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`);
};

/** Waits until a node's rules contain a text, or no longer contain it. */
export const untilRules = (lab: LabHandle, node: string, text: string, present: boolean): Promise<void> =>
  lab.until(`the rules of ${node} ${present ? 'contain' : 'no longer contain'} ${text}`, async () => {
    const { iptables = '' } = await lab.facts(`node/${node}`, 'iptables');
    return iptables.includes(text) === present;
  });
