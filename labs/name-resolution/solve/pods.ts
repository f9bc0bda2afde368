// What several solutions do with pods and services.
import type { LabHandle } from 'kube-network-labs/lab';

/** Makes a pod of this manifest in place of the one that a student may have made. */
export const replacePod = async (lab: LabHandle, namespace: string, name: string, spec: object): Promise<void> => {
  await deletePods(lab, namespace, name);
  const metadata = { name, namespace, ...('labels' in spec ? { labels: spec.labels } : {}) };
  const { labels: _, ...rest } = spec as Record<string, unknown>;
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { terminationGracePeriodSeconds: 1, ...rest } };
  await lab.apply(JSON.stringify(pod));
  await lab.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s');
};

export const deletePods = async (lab: LabHandle, namespace: string, ...names: readonly string[]): Promise<void> => {
  await lab.kubectl('delete', 'pod', ...names, '-n', namespace, '--ignore-not-found', '--grace-period=1');
};

/** Makes a service of this spec in place of the one that a student may have made: some fields never change. */
export const replaceService = async (lab: LabHandle, namespace: string, name: string, spec: object): Promise<void> => {
  await deleteService(lab, namespace, name);
  await lab.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec }));
};

/** With the endpoints that a student may have written by hand. */
export const deleteService = async (lab: LabHandle, namespace: string, name: string): Promise<void> => {
  await lab.kubectl('delete', 'service,endpoints', name, '-n', namespace, '--ignore-not-found');
};
