// Which port of which service an address and a port belong to.
import type { Service, ServicePort } from '../../../api/core.ts';

/** One of the service's own addresses in the cluster, one outside of it, or a node port. */
export type Reached = 'inside' | 'outside' | 'node';

export interface ReachedPort {
  readonly service: Service;
  readonly port: ServicePort;
  readonly by: Reached;
}

interface Destination {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Whether the address is a node's, so that node ports count. */
  readonly isNode: boolean;
}

export const reachedPort = (
  services: readonly Service[],
  { address, port, protocol, isNode }: Destination,
): ReachedPort | undefined => {
  for (const service of services) {
    const by = reachedBy(service, address) ?? (isNode ? 'node' : undefined);
    const found = (service.spec.ports ?? []).find(
      (each) =>
        (each.protocol ?? 'TCP').toLowerCase() === protocol && port === (by === 'node' ? each.nodePort : each.port),
    );
    if (by !== undefined && found) return { service, port: found, by };
  }
  return undefined;
};

const reachedBy = ({ spec, status }: Service, address: string): 'inside' | 'outside' | undefined => {
  if ([spec.clusterIP, ...(spec.clusterIPs ?? [])].includes(address)) return 'inside';
  const balanced = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  return [...(spec.externalIPs ?? []), ...balanced].includes(address) ? 'outside' : undefined;
};
