// The pods and the service that a fault is seen with. What fits stays, because a student may have made it.
import type { Deployment, KubeObject, LabHandle, Pod, Service } from '../../api/script.ts';

export interface Scene {
  /** `namespace/name`. The pod that serves has the service's name, the pod that calls `NAME-visitor`. */
  readonly service: string;
  /** The nodes of the two pods. */
  readonly server: string;
  readonly caller: string;
  /** The pod that serves belongs to a Deployment, whose template can be edited. */
  readonly deployment?: true;
  /** The service also has a port on every node. */
  readonly nodePort?: true;
}

/** The two parts of `namespace/name`, and the name of the pod that calls. */
export const partsOf = (service: string) => {
  const [namespace = '', name = ''] = service.split('/');
  return { namespace, name, visitor: `${name}-visitor` };
};

/** Makes the namespace, the pods and the service, and waits until the pods are ready. */
export const makeScene = async (lab: LabHandle, scene: Scene): Promise<void> => {
  const { namespace, name, visitor } = partsOf(scene.service);
  await ensureNamespace(lab, namespace);
  const server = { name, image: 'web', node: scene.server, namespace };
  await Promise.all([
    ensurePod(lab, { name: visitor, image: 'toolbox', node: scene.caller, namespace }),
    scene.deployment ? ensureDeployment(lab, server) : ensurePod(lab, server),
    ensureService(lab, scene),
  ]);
  const ready = (reference: string, condition: string): Promise<string> =>
    lab.kubectl('wait', `--for=condition=${condition}`, reference, '-n', namespace, '--timeout=60s');
  await Promise.all([
    ready(`pod/${visitor}`, 'Ready'),
    scene.deployment ? ready(`deployment/${name}`, 'Available') : ready(`pod/${name}`, 'Ready'),
  ]);
};

/** Removes the service and the pods. The namespace stays: other faults may use it. */
export const clearScene = async (lab: LabHandle, { service, deployment }: Scene): Promise<void> => {
  const { namespace, name, visitor } = partsOf(service);
  if (!(await lab.object(`namespace/${namespace}`))) return;
  await deleteService(lab, namespace, name);
  if (deployment) await lab.kubectl('delete', 'deployment', name, '-n', namespace, '--ignore-not-found');
  const pods = deployment ? [visitor] : [visitor, name];
  await lab.kubectl('delete', 'pod', ...pods, '-n', namespace, '--ignore-not-found', '--grace-period=1');
};

/** A namespace that is being deleted is made again afterwards. */
const ensureNamespace = async (lab: LabHandle, name: string): Promise<void> => {
  const present = await lab.object<KubeObject>(`namespace/${name}`);
  if (present?.metadata.deletionTimestamp !== undefined)
    await lab.kubectl('wait', '--for=delete', `namespace/${name}`, '--timeout=60s');
  await lab.apply(`apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`);
};

interface PodWanted {
  readonly name: string;
  readonly image: string;
  readonly node: string;
  readonly namespace: string;
}

const ensurePod = async (lab: LabHandle, wanted: PodWanted): Promise<void> => {
  const { name, namespace, image, node } = wanted;
  const pod = await lab.object<Pod>(`pod/${namespace}/${name}`);
  if (pod && fits(pod, wanted)) {
    if (pod.metadata.labels?.app !== name)
      await lab.kubectl('label', 'pod', name, `app=${name}`, '-n', namespace, '--overwrite');
    return;
  }
  // An update may change hardly any field of a pod, so another pod takes its place.
  if (pod) await lab.kubectl('delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--grace-period=1');
  await lab.apply(`apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${name} } }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 1
  containers:
    - { name: ${image}, image: ${image} }
`);
};

const fits = ({ metadata, spec, status }: Pod, { image, node }: PodWanted): boolean =>
  metadata.deletionTimestamp === undefined &&
  spec.nodeName === node &&
  spec.containers.length === 1 &&
  spec.containers[0]?.image === image &&
  status?.phase === 'Running';

/** Always as the fault wants it: its template is the student's. */
const ensureDeployment = async (lab: LabHandle, { name, image, node, namespace }: PodWanted): Promise<void> => {
  if (await lab.object<Deployment>(`deployment/${namespace}/${name}`))
    await lab.kubectl('delete', 'deployment', name, '-n', namespace, '--ignore-not-found');
  await lab.apply(`apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      nodeName: ${node}
      terminationGracePeriodSeconds: 1
      containers:
        - name: ${image}
          image: ${image}
          readinessProbe: { httpGet: { path: /healthz, port: 80 }, periodSeconds: 1 }
`);
};

/** Deletes the pod that calls, and makes it again. */
export const renewVisitor = async (lab: LabHandle, service: string, node: string): Promise<void> => {
  const { namespace, visitor } = partsOf(service);
  await lab.kubectl('delete', 'pod', visitor, '-n', namespace, '--ignore-not-found', '--grace-period=1');
  await ensurePod(lab, { name: visitor, image: 'toolbox', node, namespace });
  await lab.kubectl('wait', '--for=condition=Ready', `pod/${visitor}`, '-n', namespace, '--timeout=60s');
};

/** A service that somebody changed is replaced, because some fields never change. */
const ensureService = async (lab: LabHandle, { service, nodePort }: Scene): Promise<void> => {
  const { namespace, name } = partsOf(service);
  const type = nodePort ? 'NodePort' : 'ClusterIP';
  const present = await lab.object<Service>(`service/${service}`);
  if (present && isPlain(present, name, type)) return;
  await deleteService(lab, namespace, name);
  await lab.apply(`apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { type: ${type}, selector: { app: ${name} }, ports: [{ port: 80, targetPort: 80 }] }
`);
};

const isPlain = ({ metadata, spec }: Service, name: string, type: string): boolean => {
  const [only, ...others] = spec.ports ?? [];
  return (
    metadata.deletionTimestamp === undefined &&
    spec.type === type &&
    spec.clusterIP !== 'None' &&
    JSON.stringify(spec.selector) === JSON.stringify({ app: name }) &&
    others.length === 0 &&
    only?.port === 80 &&
    only.targetPort === 80 &&
    (only.protocol ?? 'TCP') === 'TCP'
  );
};

/** Deletes the service and makes one with the same selector and ports, and another address. */
export const renewService = async (lab: LabHandle, service: string): Promise<void> => {
  const { namespace, name } = partsOf(service);
  const present = await lab.object<Service>(`service/${service}`);
  await deleteService(lab, namespace, name);
  const { selector = { app: name }, ports = [{ port: 80, targetPort: 80 }] } = present?.spec ?? {};
  const plain = ports.map(({ port, targetPort }) => ({ port, targetPort }));
  const metadata = { namespace, name };
  const renewed = { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: plain } };
  await lab.apply(JSON.stringify(renewed));
};

/** Deletes a service that may exist, with its endpoints, also those that a student wrote by hand. */
const deleteService = async (lab: LabHandle, namespace: string, name: string): Promise<void> => {
  const label = `kubernetes.io/service-name=${name}`;
  await lab.kubectl('delete', 'service,endpoints', name, '-n', namespace, '--ignore-not-found');
  await lab.kubectl('delete', 'endpointslices', '-n', namespace, '-l', label, '--ignore-not-found');
};
