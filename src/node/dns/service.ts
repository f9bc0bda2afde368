// The service `kube-dns` under which pods find this server, and its endpoints: made, and made again if somebody deletes them.
import type { Endpoints, Service, ServicePort } from '../../api/core.ts';
import { type EndpointSlice, managedByLabel, serviceNameLabel } from '../../api/discovery.ts';
import type { KubeObject } from '../../api/meta.ts';
import { endpointSlices, endpoints, type Resource, services } from '../../api/resources.ts';

export interface OwnAddress {
  /** The service's cluster IP, which pods have in their resolv.conf. */
  readonly serviceIp: string;
  /** Where this process listens. */
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

/** In the order in which they should be there. */
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

/** Without a selector: the server is a process of the control plane, and the student's cluster starts without pods. */
const dnsService = (own: OwnAddress): Service => ({
  metadata: {
    name,
    namespace,
    labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
  },
  spec: { type: 'ClusterIP', clusterIP: own.serviceIp, ports: portsOf(own) },
});

const dnsEndpoints = (own: OwnAddress): Endpoints => ({
  // The slice below is written here too; the mirroring controller need not make another from this.
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

/** What to write so that `existing` becomes `wanted`: nothing, a new object, or the fields that differ. */
export const difference = (wanted: KubeObject, existing: KubeObject | undefined): 'none' | 'create' | 'update' => {
  if (!existing) return 'create';
  const { metadata: _, ...content } = wanted as KubeObject & Record<string, unknown>;
  const current = existing as KubeObject & Record<string, unknown>;
  return Object.entries(content).every(([key, value]) => includes(current[key], value)) ? 'none' : 'update';
};

/** Whether everything in `part` is in `whole`, which the API server may have completed. */
const includes = (whole: unknown, part: unknown): boolean => {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && whole.length === part.length && part.every((item, i) => includes(whole[i], item));
  }
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, value]) => includes((whole as Record<string, unknown>)[key], value));
};
