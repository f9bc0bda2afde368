// The objects that every cluster has: the system namespaces, and the service through which pods reach the API server.
import { isDeepStrictEqual } from 'node:util';
import type { Endpoints, Service, ServicePort } from '../../api/core.ts';
import { type EndpointSlice, serviceNameLabel } from '../../api/discovery.ts';
import type { KubeObject } from '../../api/meta.ts';
import { defaultServiceCidr, type ServiceCIDR } from '../../api/networking.ts';
import {
  endpointSlices,
  endpoints,
  namespaces,
  type Resource,
  serviceAccounts,
  serviceCidrs,
  services,
} from '../../api/resources.ts';
import { createInStore, updateInStore } from './admission/write.ts';
import type { AdmissionContext } from './resources/definition.ts';
import { defaultAccount, systemNamespaces } from './resources/namespaces.ts';
import { validateNonSpecialIp } from './validation/addresses.ts';

/** Creates missing objects and corrects changed ones. Runs at start, and again every few seconds. */
export const bootstrap = (context: AdmissionContext, address: string, port: number): void => {
  for (const name of systemNamespaces) {
    ensureExists(context, namespaces, { metadata: { name } });
    ensureExists(context, serviceAccounts, defaultAccount(name));
  }
  ensureExists(context, serviceCidrs, defaultRange(context));
  ensureService(context, port);
  // Endpoints may not be on loopback, so a server on loopback has no endpoints.
  if (validateNonSpecialIp(address, '').length === 0) ensureEndpoints(context, address, port);
};

const defaultRange = ({ clusterIps }: AdmissionContext): ServiceCIDR => ({
  metadata: { name: defaultServiceCidr },
  spec: { cidrs: [clusterIps.range] },
});

const metadata = { name: 'kubernetes', namespace: 'default' };

const ensureService = (context: AdmissionContext, port: number): void => {
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const ports: ServicePort[] = [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }];
  const current = context.store.get(services, metadata) as Service | undefined;
  if (!current) {
    const service: Service = {
      metadata: { ...metadata, labels },
      spec: { clusterIP: context.clusterIps.first, ports },
    };
    createInStore(context, services, service);
  } else if (!isDeepStrictEqual(current.spec.ports, ports))
    updateInStore(context, services, { ...current, spec: { ...current.spec, ports } } as Service);
};

const ensureEndpoints = (context: AdmissionContext, address: string, port: number): void => {
  const ports = [{ name: 'https', port, protocol: 'TCP' as const }];
  const points: Endpoints = {
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports }],
  };
  const slice: EndpointSlice = {
    metadata: { ...metadata, labels: { [serviceNameLabel]: 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  };
  ensure(context, endpoints, points);
  ensure(context, endpointSlices, slice);
};

const ensureExists = (context: AdmissionContext, resource: Resource, object: KubeObject): void => {
  if (!context.store.get(resource, object.metadata)) createInStore(context, resource, object);
};

/** Creates the object, or replaces the existing object. */
const ensure = (context: AdmissionContext, resource: Resource, object: KubeObject): void => {
  if (context.store.get(resource, object.metadata)) updateInStore(context, resource, object);
  else createInStore(context, resource, object);
};
