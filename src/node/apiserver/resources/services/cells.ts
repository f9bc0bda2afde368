// A service's row in tables, as Kubernetes' printers make it.
import type { Service } from '../../../../api/core.ts';
import { ageOf, formatLabels, orNone } from '../cells.ts';

export const serviceCells = (service: Service): unknown[] => {
  const { metadata, spec } = service;
  return [
    metadata.name,
    spec.type,
    orNone(spec.clusterIPs?.[0] ?? spec.clusterIP),
    externalAddress(service),
    portsOf(service),
    ageOf(metadata.creationTimestamp),
    orNone(formatLabels(spec.selector)),
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
