// Which resources exist, and under which URL: the one table that client, API server and controllers share.
import type { Deployment, ReplicaSet } from './apps.ts';
import type { Lease } from './coordination.ts';
import type { ConfigMap, Endpoints, KubeEvent, Namespace, Node, Pod, Secret, Service, ServiceAccount } from './core.ts';
import type { EndpointSlice } from './discovery.ts';
import type { KubeObject } from './meta.ts';

/** A resource of the API. The type parameter ties a URL to its objects' type. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: 'v1' | 'v1beta1';
  /** The plural, as in URLs: `services`. */
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly (
    | 'status'
    | 'scale'
    | 'binding'
    | 'eviction'
    | 'log'
    | 'exec'
    | 'attach'
    | 'portforward'
    | 'finalize'
    | 'token'
  )[];
  readonly categories: readonly string[];
  /** Never set: carries the object type. */
  readonly phantom?: T;
}

type Rest = Partial<Pick<Resource, 'shortNames' | 'namespaced' | 'subresources' | 'categories'>>;

const resource = <T extends KubeObject>(group: string, plural: string, kind: string, rest: Rest = {}): Resource<T> => ({
  group,
  version: 'v1',
  plural,
  singular: kind.toLowerCase(),
  kind,
  shortNames: [],
  namespaced: true,
  subresources: [],
  categories: [],
  ...rest,
});

export const namespaces = resource<Namespace>('', 'namespaces', 'Namespace', {
  shortNames: ['ns'],
  namespaced: false,
  subresources: ['status', 'finalize'],
});
export const nodes = resource<Node>('', 'nodes', 'Node', {
  shortNames: ['no'],
  namespaced: false,
  subresources: ['status'],
});
export const pods = resource<Pod>('', 'pods', 'Pod', {
  shortNames: ['po'],
  subresources: ['status', 'binding', 'eviction', 'log', 'exec', 'attach', 'portforward'],
  categories: ['all'],
});
export const services = resource<Service>('', 'services', 'Service', {
  shortNames: ['svc'],
  subresources: ['status'],
  categories: ['all'],
});
export const endpoints = resource<Endpoints>('', 'endpoints', 'Endpoints', { shortNames: ['ep'] });
export const configMaps = resource<ConfigMap>('', 'configmaps', 'ConfigMap', { shortNames: ['cm'] });
export const secrets = resource<Secret>('', 'secrets', 'Secret');
export const serviceAccounts = resource<ServiceAccount>('', 'serviceaccounts', 'ServiceAccount', {
  shortNames: ['sa'],
});
export const events = resource<KubeEvent>('', 'events', 'Event', { shortNames: ['ev'] });
export const deployments = resource<Deployment>('apps', 'deployments', 'Deployment', {
  shortNames: ['deploy'],
  subresources: ['status', 'scale'],
  categories: ['all'],
});
export const replicaSets = resource<ReplicaSet>('apps', 'replicasets', 'ReplicaSet', {
  shortNames: ['rs'],
  subresources: ['status', 'scale'],
  categories: ['all'],
});
export const endpointSlices = resource<EndpointSlice>('discovery.k8s.io', 'endpointslices', 'EndpointSlice');
export const leases = resource<Lease>('coordination.k8s.io', 'leases', 'Lease');

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
  endpointSlices,
  leases,
];

/** `v1` for the core group, `apps/v1` otherwise. */
export const apiVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;
