// Any number of equal services with one endpoint each, for tests that need a long first sync.
import { type Change, put } from './world.ts';

export const clusterIp = (index: number): string => `10.96.${index >> 8}.${index & 255}`;
export const endpoint = (index: number, host = 0): string => `10.244.${index >> 6}.${(index & 63) * 4 + host}`;

export const service = (index: number): Change =>
  put.service({
    metadata: { name: `s${index}`, namespace: 'default' },
    spec: { clusterIP: clusterIp(index), ports: [{ name: 'p', port: 80 }] },
  });

/** @param host 0 to 3, chooses the address of the endpoint */
export const slice = (index: number, host = 0): Change =>
  put.slice({
    metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [endpoint(index, host)], conditions: { ready: true } }],
  });
