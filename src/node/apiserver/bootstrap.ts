// What every cluster has from the start: namespaces, and the service by which pods reach the API server.
import type { Endpoints, Namespace, Service } from '../../api/core.ts';
import { type EndpointSlice, serviceNameLabel } from '../../api/discovery.ts';
import type { KubeObject } from '../../api/meta.ts';
import { endpointSlices, endpoints, namespaces, type Resource, services } from '../../api/resources.ts';
import type { AdmissionContext } from './admission/strategy.ts';
import { createInStore, updateInStore } from './admission/write.ts';
import { addDefaultAccount } from './routes/create.ts';

/** Repeatable: makes what is missing, mends the endpoints when the address has changed. */
export const bootstrap = (context: AdmissionContext, address: string, port: number): void => {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    const namespace: Namespace = { metadata: { name } };
    if (!context.store.get(namespaces, namespace.metadata)) createInStore(context, namespaces, namespace);
    addDefaultAccount(context, name);
  }
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const service: Service = {
    metadata: { ...metadata, labels },
    spec: {
      clusterIP: context.clusterIps.first,
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }],
    },
  };
  if (!context.store.get(services, metadata)) createInStore(context, services, service);
  const mirrored = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  const ports = [{ name: 'https', port, protocol: 'TCP' as const }];
  const points: Endpoints = {
    metadata: { ...metadata, labels: mirrored },
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

const ensure = (context: AdmissionContext, resource: Resource, object: KubeObject): void => {
  if (context.store.get(resource, object.metadata)) updateInStore(context, resource, object);
  else createInStore(context, resource, object);
};
