// Helpers for the solutions: pods on a chosen node, and namespaces. What fits stays as the student made it.

import type { KubeObject, LabHandle, Pod } from 'kube-network-labs/lab';

interface PodWanted {
  readonly name: string;
  readonly image: string;
  readonly node: string;
  readonly namespace?: string;
}

/** Runs pods with the label `app=NAME`, and waits until they are ready. A pod that is no such pod is replaced. */
export const runPods = async (lab: LabHandle, ...wanted: readonly PodWanted[]): Promise<void> => {
  await Promise.all(wanted.map((pod) => ensurePod(lab, pod)));
  await Promise.all(
    wanted.map(({ name, namespace = 'default' }) =>
      lab.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s'),
    ),
  );
};

const ensurePod = async (lab: LabHandle, wanted: PodWanted): Promise<void> => {
  const { name, namespace = 'default' } = wanted;
  const pod = await lab.object<Pod>(`pod/${namespace}/${name}`);
  if (pod && fits(pod, wanted)) {
    if (pod.metadata.labels?.app !== name)
      await lab.kubectl('label', 'pod', name, `app=${name}`, '-n', namespace, '--overwrite');
    return;
  }
  // An update may change hardly any field of a pod, so another pod takes its place.
  if (pod) await deletePods(lab, namespace, name);
  await lab.apply(podManifest(wanted));
};

/** Whether the pod runs where and what it should. Its labels can be changed, so they do not matter here. */
const fits = ({ metadata, spec, status }: Pod, { image, node }: PodWanted): boolean =>
  metadata.deletionTimestamp === undefined &&
  spec.nodeName === node &&
  spec.containers.length === 1 &&
  spec.containers[0]?.image === image &&
  status?.phase === 'Running';

const podManifest = ({ name, image, node, namespace = 'default' }: PodWanted): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${name} } }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 1
  containers:
    - { name: ${name}, image: ${image} }
`;

/** Deletes pods that may exist, and waits until they are gone. */
export const deletePods = async (lab: LabHandle, namespace: string, ...names: readonly string[]): Promise<void> => {
  const present = await Promise.all(names.map((name) => lab.object(`pod/${namespace}/${name}`)));
  const left = names.filter((_, index) => present[index]);
  if (left.length > 0)
    await lab.kubectl('delete', 'pod', ...left, '-n', namespace, '--ignore-not-found', '--grace-period=1');
};

/** Makes the namespace. A namespace that is being deleted is made again afterwards. */
export const ensureNamespace = async (lab: LabHandle, name: string): Promise<void> => {
  const present = await lab.object<KubeObject>(`namespace/${name}`);
  if (present?.metadata.deletionTimestamp !== undefined)
    await lab.kubectl('wait', '--for=delete', `namespace/${name}`, '--timeout=60s');
  await lab.apply(`apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`);
};
