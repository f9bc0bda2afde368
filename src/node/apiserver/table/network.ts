// Rows of services, endpoints and endpoint slices, as Kubernetes' printers make them.
import type { Endpoints, Service } from '../../../api/core.ts';
import type { EndpointSlice } from '../../../api/discovery.ts';
import { ageOf, formatLabels, listWithMore, orNone } from './format.ts';

export const serviceCells = (service: Service): unknown[] => {
  const { metadata, spec } = service;
  return [
    metadata.name,
    spec.type,
    orNone(spec.clusterIPs?.[0] ?? spec.clusterIP),
    externalAddress(service),
    portsOf(service),
    ageOf(metadata.creationTimestamp),
    formatLabels(spec.selector),
  ];
};

const externalAddress = ({ spec, status }: Service): string => {
  const external = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return orNone(external.join(','));
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '');
  const all = [...ingress, ...external];
  return all.length === 0 ? '<pending>' : all.join(',');
};

const portsOf = ({ spec }: Service): string =>
  orNone(
    (spec.ports ?? [])
      .map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`)
      .join(','),
  );

export const endpointsCells = (endpoints: Endpoints): unknown[] => [
  endpoints.metadata.name,
  formatEndpoints(endpoints),
  ageOf(endpoints.metadata.creationTimestamp),
];

const formatEndpoints = ({ subsets = [] }: Endpoints): string => {
  const items = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`)),
  );
  return orNone(listWithMore(items));
};

export const endpointSliceCells = ({ metadata, addressType, ports, endpoints }: EndpointSlice): unknown[] => [
  metadata.name,
  addressType,
  slicePorts(ports),
  sliceAddresses(endpoints),
  ageOf(metadata.creationTimestamp),
];

const slicePorts = (ports: EndpointSlice['ports']): string => {
  if (!ports?.length) return '<unset>';
  return listWithMore(ports.map(({ port, name }) => (port === undefined ? name || '*' : String(port))));
};

const sliceAddresses = (endpoints: EndpointSlice['endpoints']): string => {
  const addresses = (endpoints ?? []).flatMap(({ addresses }) => addresses);
  return addresses.length === 0 ? '<unset>' : listWithMore(addresses);
};
