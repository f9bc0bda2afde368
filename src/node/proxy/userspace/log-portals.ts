// Logs the addresses that now lead to kube-proxy, at the verbosities of kube-proxy up to v1.25.
import type { Logger } from '../../../kit/logger.ts';
import type { ServicePort } from '../types.ts';
import type { Destination } from './destinations.ts';

export const logOpened = (log: Logger, service: ServicePort, opened: readonly Destination[]): void => {
  const { portName: servicePortName, protocol } = service;
  for (const { address, port } of opened) {
    if (address === undefined) {
      const fields = { servicePortName, protocol, nodePort: port };
      log.info(0, 'Opened iptables from-containers public port for service', fields);
      log.info(0, 'Opened iptables from-host public port for service', fields);
      log.info(0, 'Opened iptables from-non-local public port for service', fields);
    } else {
      const fields = { servicePortName, protocol, portalAddress: joinHostPort(address, port) };
      log.info(3, 'Opened iptables from-containers portal for service', fields);
      log.info(3, 'Opened iptables from-host portal for service', fields);
    }
  }
};

const joinHostPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
