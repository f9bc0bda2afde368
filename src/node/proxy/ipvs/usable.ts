// Leaves out what the kernel refuses for IPVS: it forwards to no broadcast or multicast address, and a link takes no
// such address. Loopback and link-local addresses of a service would not work on the link of all services.
import type { Logger } from '../../../kit/logger.ts';
import type { Ip } from '../scalars.ts';
import type { ProxyEndpoint, ServicePort } from '../types.ts';

/** 0.0.0.0/8, 224.0.0.0/4 and the broadcast address; `::` and ff00::/8. */
const isNoHost = (ip: Ip): boolean => /^(0|22[4-9]|23\d)\.|^255\.255\.255\.255$|^::$|^ff[0-9a-f]{2}:/.test(ip);
const isOfOneMachine = (ip: Ip): boolean => /^(127|169\.254)\.|^::1$|^fe[89ab][0-9a-f]:/.test(ip);

export interface Usable {
  readonly port: ServicePort;
  readonly endpoints: readonly ProxyEndpoint[];
}

/** @returns undefined if IPVS cannot use the cluster IP */
export const usableByIpvs = (
  port: ServicePort,
  endpoints: readonly ProxyEndpoint[],
  log: Logger,
): Usable | undefined => {
  const refuse = (address: string): false => {
    log.error('Ignoring an address that IPVS cannot use', undefined, { servicePortName: port.portName, address });
    return false;
  };
  const isVirtual = (ip: Ip): boolean => !(isNoHost(ip) || isOfOneMachine(ip)) || refuse(ip);
  if (!isVirtual(port.clusterIp)) return undefined;
  return {
    port: {
      ...port,
      externalIps: port.externalIps.filter(isVirtual),
      loadBalancerIps: port.loadBalancerIps.filter(isVirtual),
    },
    endpoints: endpoints.filter(({ ip, address }) => !isNoHost(ip) || refuse(address)),
  };
};
