// The resources of the API and their URLs. Client, API server and controllers share this table.
// What the API server does with each of them is in src/node/apiserver/resources/.
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet } from './apps.ts';
import type { CertificateSigningRequest } from './certificates.ts';
import type { Lease } from './coordination.ts';
import type { ConfigMap, Endpoints, KubeEvent, Namespace, Node, Secret, Service, ServiceAccount } from './core.ts';
import type { Pod } from './core-pods.ts';
import type { EndpointSlice } from './discovery.ts';
import type { KubeObject } from './meta.ts';
import type { IPAddress, NetworkPolicy, ServiceCIDR } from './networking.ts';

/** A resource of the API: its names and its place in URLs. The type parameter ties a URL to the type of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: 'v1' | 'v1beta1';
  /** As in URLs: `services`. */
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  /** As on kubectl's command line: `svc`. */
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Never set. It only carries the object type. */
  readonly phantom?: T;
}

const resource = <T extends KubeObject>(
  group: string,
  plural: string,
  kind: string,
  { shortNames = [], namespaced = true }: Partial<Pick<Resource, 'shortNames' | 'namespaced'>> = {},
): Resource<T> => ({ group, version: 'v1', plural, singular: kind.toLowerCase(), kind, shortNames, namespaced });

export const namespaces = resource<Namespace>('', 'namespaces', 'Namespace', { shortNames: ['ns'], namespaced: false });
export const nodes = resource<Node>('', 'nodes', 'Node', { shortNames: ['no'], namespaced: false });
export const pods = resource<Pod>('', 'pods', 'Pod', { shortNames: ['po'] });
export const services = resource<Service>('', 'services', 'Service', { shortNames: ['svc'] });
export const endpoints = resource<Endpoints>('', 'endpoints', 'Endpoints', { shortNames: ['ep'] });
export const configMaps = resource<ConfigMap>('', 'configmaps', 'ConfigMap', { shortNames: ['cm'] });
export const secrets = resource<Secret>('', 'secrets', 'Secret');
export const serviceAccounts = resource<ServiceAccount>('', 'serviceaccounts', 'ServiceAccount', {
  shortNames: ['sa'],
});
export const events = resource<KubeEvent>('', 'events', 'Event', { shortNames: ['ev'] });
export const deployments = resource<Deployment>('apps', 'deployments', 'Deployment', { shortNames: ['deploy'] });
export const replicaSets = resource<ReplicaSet>('apps', 'replicasets', 'ReplicaSet', { shortNames: ['rs'] });
export const daemonSets = resource<DaemonSet>('apps', 'daemonsets', 'DaemonSet', { shortNames: ['ds'] });
export const controllerRevisions = resource<ControllerRevision>('apps', 'controllerrevisions', 'ControllerRevision');
export const endpointSlices = resource<EndpointSlice>('discovery.k8s.io', 'endpointslices', 'EndpointSlice');
export const serviceCidrs = resource<ServiceCIDR>('networking.k8s.io', 'servicecidrs', 'ServiceCIDR', {
  namespaced: false,
});
export const ipAddresses = resource<IPAddress>('networking.k8s.io', 'ipaddresses', 'IPAddress', {
  shortNames: ['ip'],
  namespaced: false,
});
export const networkPolicies = resource<NetworkPolicy>('networking.k8s.io', 'networkpolicies', 'NetworkPolicy', {
  shortNames: ['netpol'],
});
export const leases = resource<Lease>('coordination.k8s.io', 'leases', 'Lease');
export const signingRequests = resource<CertificateSigningRequest>(
  'certificates.k8s.io',
  'certificatesigningrequests',
  'CertificateSigningRequest',
  { shortNames: ['csr'], namespaced: false },
);

/** Every resource that the API serves, in discovery order. */
export const allResources: readonly Resource[] = [
  namespaces,
  nodes,
  pods,
  services,
  endpoints,
  configMaps,
  secrets,
  serviceAccounts,
  events,
  deployments,
  replicaSets,
  daemonSets,
  controllerRevisions,
  endpointSlices,
  serviceCidrs,
  ipAddresses,
  networkPolicies,
  leases,
  signingRequests,
];

/** `v1` for the core group, `apps/v1` otherwise. */
export const apiVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** `/api/v1` for the core group, `/apis/apps/v1` otherwise. */
export const apiPathOf = (resource: Pick<Resource, 'group' | 'version'>): string =>
  `${resource.group === '' ? '/api' : '/apis'}/${apiVersionOf(resource)}`;
