// The wanted Service `kube-dns` and its endpoints, through which pods reach this server. Pure.
import type { Endpoints, Service, ServicePort } from '../../api/core.ts';
import { type EndpointSlice, managedByLabel, serviceNameLabel } from '../../api/discovery.ts';
import type { KubeObject } from '../../api/meta.ts';
import { endpointSlices, endpoints, type Resource, services } from '../../api/resources.ts';

export interface OwnAddress {
  /** The service's cluster IP. It is in the pods' resolv.conf. */
  readonly serviceIp: string;
  /** The address on which this process listens. */
  readonly address: string;
  readonly port: number;
}

export interface Wanted {
  readonly resource: Resource;
  readonly object: KubeObject;
}

const namespace = 'kube-system';
const name = 'kube-dns';

export const ownKey = { name, namespace };

/** The objects in the order in which they are created. */
export const wantedObjects = (own: OwnAddress): readonly Wanted[] => [
  { resource: services, object: dnsService(own) },
  { resource: endpoints, object: dnsEndpoints(own) },
  { resource: endpointSlices, object: dnsSlice(own) },
];

const portsOf = ({
  port,
}: OwnAddress): (ServicePort & { name: string; targetPort: number; protocol: 'TCP' | 'UDP' })[] => [
  { name: 'dns', protocol: 'UDP', port: 53, targetPort: port },
  { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: port },
  { name: 'metrics', protocol: 'TCP', port: 9153, targetPort: 9153 },
];

/** The service has no selector, because the server is a process of the control plane and not a pod. */
const dnsService = (own: OwnAddress): Service => ({
  metadata: {
    name,
    namespace,
    labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
  },
  spec: { type: 'ClusterIP', clusterIP: own.serviceIp, ports: portsOf(own) },
});

const dnsEndpoints = (own: OwnAddress): Endpoints => ({
  // The slice is written here, so the mirroring controller must not create another one.
  metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
  subsets: [
    {
      addresses: [{ ip: own.address }],
      ports: portsOf(own).map(({ name: port, protocol, targetPort }) => ({ name: port, port: targetPort, protocol })),
    },
  ],
});

const dnsSlice = (own: OwnAddress): EndpointSlice => ({
  metadata: { name, namespace, labels: { [serviceNameLabel]: name, [managedByLabel]: 'cluster-dns' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [own.address], conditions: { ready: true, serving: true, terminating: false } }],
  ports: portsOf(own).map(({ name: port, protocol, targetPort }) => ({ name: port, port: targetPort, protocol })),
});

/** The write that is needed to turn `existing` into `wanted`. */
export const difference = (wanted: KubeObject, existing: KubeObject | undefined): 'none' | 'create' | 'update' => {
  if (!existing) return 'create';
  const { metadata: _, ...content } = wanted as KubeObject & Record<string, unknown>;
  const current = existing as KubeObject & Record<string, unknown>;
  return Object.entries(content).every(([key, value]) => includes(current[key], value)) ? 'none' : 'update';
};

/** Whether `whole` contains all fields of `part`. The API server may have added fields to `whole`. */
const includes = (whole: unknown, part: unknown): boolean => {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && whole.length === part.length && part.every((item, i) => includes(whole[i], item));
  }
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, value]) => includes((whole as Record<string, unknown>)[key], value));
};
