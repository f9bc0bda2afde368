// Turns the EndpointSlices of one service into its endpoints by port, for one address family.
import { isIP } from 'node:net';
import { type Endpoint, type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import type { IpFamily, PortKey, ProxyEndpoint } from '../types.ts';
import { portKey } from './service-ports.ts';

/** The service that a slice belongs to, as `namespace/name`. */
export const serviceOfSlice = ({ metadata }: EndpointSlice): string | undefined => {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined || name === '' ? undefined : `${metadata.namespace ?? ''}/${name}`;
};

/**
 * @param slices all slices of one service
 * @returns endpoints sorted by `address`; an endpoint in several slices appears once
 */
export const endpointsOf = (
  service: string,
  slices: Iterable<EndpointSlice>,
  family: IpFamily,
  nodeName: string,
): Map<PortKey, ProxyEndpoint[]> => {
  const byPort = new Map<PortKey, Map<string, ProxyEndpoint>>();
  const sorted = [...slices].sort((a, b) => compare(a.metadata.name, b.metadata.name));
  for (const slice of sorted) {
    if (slice.addressType !== family) continue;
    for (const { name, protocol = 'TCP', port } of slice.ports ?? []) {
      if (port === undefined || port === 0) continue;
      const key = portKey(service, name, protocol);
      const known = byPort.get(key) ?? new Map<string, ProxyEndpoint>();
      byPort.set(key, known);
      for (const endpoint of slice.endpoints ?? []) {
        const parsed = parseEndpoint(endpoint, port, nodeName);
        if (parsed && isBetter(parsed, known.get(parsed.address))) known.set(parsed.address, parsed);
      }
    }
  }
  return new Map(
    [...byPort].map(([key, known]) => [key, [...known.values()].sort((a, b) => compare(a.address, b.address))]),
  );
};

export const sameEndpoints = (a: readonly ProxyEndpoint[], b: readonly ProxyEndpoint[]): boolean =>
  a.length === b.length && JSON.stringify(a) === JSON.stringify(b);

const parseEndpoint = (endpoint: Endpoint, port: number, nodeName: string): ProxyEndpoint | undefined => {
  const [ip] = endpoint.addresses;
  if (ip === undefined || isIP(ip) === 0) return undefined;
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {};
  return {
    address: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
    ip,
    port,
    local: endpoint.nodeName === nodeName,
    ready,
    serving,
    terminating,
    zoneHints: (endpoint.hints?.forZones ?? []).map(({ name }) => name),
    nodeHints: (endpoint.hints?.forNodes ?? []).map(({ name }) => name),
  };
};

/**
 * Two slices can list the same address: while an endpoint moves between slices, or when a new pod gets the address of a
 * terminating pod. A non-terminating endpoint wins, then a ready one, then a local one.
 */
const isBetter = (candidate: ProxyEndpoint, known: ProxyEndpoint | undefined): boolean => {
  if (known === undefined) return true;
  if (candidate.terminating !== known.terminating) return known.terminating;
  if (candidate.ready !== known.ready) return candidate.ready;
  return candidate.local && !known.local;
};

/** Compares code units, as Go compares strings: `10.0.0.10:80` comes before `10.0.0.1:80`. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
