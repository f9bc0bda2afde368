// The addresses and ports that random rules and random packets have in common.
import { lengthOf } from './wire.ts';

export const links = ['e0', 'e1', 'e2'] as const;
/** Neighbours of the node, its own addresses, and addresses behind gateways. */
export const addresses = [
  ...['10.0.0.9', '10.0.0.77', '10.1.0.9', '10.2.0.9', '10.22.0.5', '192.0.2.7', '192.0.2.9'],
  ...['10.0.0.1', '10.0.0.3', '10.1.0.1', '10.22.0.1'],
] as const;
/** Addresses of services: no machine has them. */
export const virtualAddresses = ['10.96.0.1', '10.96.0.2', '10.96.0.3'] as const;
export const ports = [80, 81, 443, 53, 8080, 30_080] as const;
export const lengthOfProbe = (protocol: string): number => lengthOf(protocol);
