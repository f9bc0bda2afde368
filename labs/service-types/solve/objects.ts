// Helpers for the solutions: services, pods and namespaces. What fits stays as the student made it.
import type { KubeObject, LabHandle, Pod, Service } from 'kube-network-labs/lab';

interface Named {
  readonly name: string;
  readonly namespace?: string;
}

export interface ServiceWanted extends Named {
  /** The whole spec, as in a manifest. */
  readonly spec: object;
}

/** Changes fields of a service, or makes a service that is missing. */
export const patchService = async (lab: LabHandle, wanted: ServiceWanted, patch: object): Promise<void> => {
  const { name, namespace = 'default' } = wanted;
  if (!(await lab.object<Service>(`service/${namespace}/${name}`))) await lab.apply(serviceManifest(wanted));
  const spec = JSON.stringify({ spec: patch });
  await lab.kubectl('patch', 'service', name, '-n', namespace, '--type=merge', '-p', spec);
};

/** Makes a service anew, because some fields never change. */
export const remakeService = async (lab: LabHandle, wanted: ServiceWanted): Promise<void> => {
  await deleteService(lab, wanted);
  await lab.apply(serviceManifest(wanted));
};

/** Deletes a service that may exist, with its endpoints, also those that a student wrote by hand. */
export const deleteService = async (lab: LabHandle, { name, namespace = 'default' }: Named): Promise<void> => {
  await lab.kubectl('delete', 'service', name, '-n', namespace, '--ignore-not-found');
  const label = `kubernetes.io/service-name=${name}`;
  await lab.kubectl('delete', 'endpointslices', '-n', namespace, '-l', label, '--ignore-not-found');
};

const serviceManifest = ({ name, namespace = 'default', spec }: ServiceWanted): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec });

export interface PodWanted extends Named {
  readonly app: string;
  readonly node: string;
  readonly spec?: object;
}

/** Runs a web server, and waits until it is ready. A pod that differs is replaced. */
export const runWeb = async (lab: LabHandle, wanted: PodWanted): Promise<void> => {
  const { name, namespace = 'default', app, node, spec } = wanted;
  const present = await lab.object<Pod>(`pod/${namespace}/${name}`);
  if (!present || !fits(present, wanted)) {
    await deletePod(lab, wanted);
    const containers = [{ name: 'web', image: 'web' }];
    await lab.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: { app } },
        spec: { nodeName: node, terminationGracePeriodSeconds: 1, containers, ...spec },
      }),
    );
  }
  await lab.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s');
};

const fits = (pod: Pod, { app, node, spec = {} }: PodWanted): boolean => {
  const present = pod.spec as unknown as Readonly<Record<string, unknown>>;
  return (
    pod.metadata.deletionTimestamp === undefined &&
    pod.metadata.labels?.app === app &&
    pod.spec.nodeName === node &&
    pod.spec.containers[0]?.image === 'web' &&
    Object.entries(spec).every(([key, value]) => present[key] === value)
  );
};

export const deletePod = async (lab: LabHandle, { name, namespace = 'default' }: Named): Promise<void> => {
  await lab.kubectl('delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--grace-period=1');
};

/** Makes the namespace. A namespace that is being deleted is made again afterwards. */
export const ensureNamespace = async (lab: LabHandle, name: string): Promise<void> => {
  const present = await lab.object<KubeObject>(`namespace/${name}`);
  if (present?.metadata.deletionTimestamp !== undefined)
    await lab.kubectl('wait', '--for=delete', `namespace/${name}`, '--timeout=60s');
  await lab.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
};
