// Helpers for the solutions: services. A service that fits stays as the student made it.
import type { LabHandle, Service } from 'kube-network-labs/lab';

interface ServiceWanted {
  readonly name: string;
  readonly app: string;
  readonly namespace?: string;
  readonly type?: 'ClusterIP' | 'NodePort';
  readonly clusterIP?: string;
  readonly port?: number;
  readonly targetPort?: number;
}

/** Makes a service. A service of that name with other fields is replaced, because some fields never change. */
export const exposeService = async (lab: LabHandle, wanted: ServiceWanted): Promise<void> => {
  const { name, namespace = 'default' } = wanted;
  const present = await lab.object<Service>(`service/${namespace}/${name}`);
  if (present && fits(present, wanted)) return;
  if (present) await deleteService(lab, namespace, name);
  await lab.apply(manifestOf(wanted));
};

const fits = ({ metadata, spec }: Service, wanted: ServiceWanted): boolean => {
  const { app, type = 'ClusterIP', clusterIP, port = 80, targetPort = port } = wanted;
  const [only, ...others] = spec.ports ?? [];
  const { deletionTimestamp } = metadata;
  return (
    deletionTimestamp === undefined &&
    spec.type === type &&
    spec.clusterIP !== 'None' &&
    (clusterIP === undefined || spec.clusterIP === clusterIP) &&
    JSON.stringify(spec.selector) === JSON.stringify({ app }) &&
    others.length === 0 &&
    only?.port === port &&
    (only.targetPort ?? port) === targetPort &&
    (only.protocol ?? 'TCP') === 'TCP'
  );
};

const manifestOf = (service: ServiceWanted): string => {
  const { name, app, namespace = 'default', type = 'ClusterIP', clusterIP, port = 80, targetPort = port } = service;
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  type: ${type}
${clusterIP === undefined ? '' : `  clusterIP: ${clusterIP}\n`}  selector: { app: ${app} }
  ports:
    - { port: ${port}, targetPort: ${targetPort} }
`;
};

/** Deletes a service that may exist, with its endpoints, also those that a student wrote by hand. */
export const deleteService = async (lab: LabHandle, namespace: string, name: string): Promise<void> => {
  const label = `kubernetes.io/service-name=${name}`;
  const kinds = [
    `service/${namespace}/${name}`,
    `endpoints/${namespace}/${name}`,
    `endpointslice/${namespace}/${label}`,
  ];
  const [service, endpoints, slice] = await Promise.all(kinds.map((reference) => lab.object(reference)));
  if (service || endpoints)
    await lab.kubectl('delete', 'service,endpoints', name, '-n', namespace, '--ignore-not-found');
  if (slice) await lab.kubectl('delete', 'endpointslices', '-n', namespace, '-l', label, '--ignore-not-found');
};
