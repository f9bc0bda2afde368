// Builds the cluster's names from services and endpoints (kubernetes/dns, docs/specification.md, schema 1.1.0).
import { isIPv4 } from 'node:net';
import type { Namespace, Service } from '../../api/core.ts';
import { type Endpoint, type EndpointSlice, serviceNameLabel } from '../../api/discovery.ts';

export interface SrvRecord {
  readonly port: number;
  readonly target: string;
}

/** The records of one name. All names are lower-case and have no final dot. */
export interface Records {
  readonly a: string[];
  readonly srv: SrvRecord[];
  readonly ptr: string[];
  readonly txt: string[];
  cname?: string;
}

export interface Zone {
  /** `cluster.local` */
  readonly domain: string;
  readonly namespaces: ReadonlySet<string>;
  get(name: string): Records | undefined;
  /** Also true for a name that only has names below it. Its answer is empty, but not NXDOMAIN. */
  exists(name: string): boolean;
}

export interface ClusterObjects {
  readonly domain: string;
  readonly services: Iterable<Service>;
  readonly slices: Iterable<EndpointSlice>;
  readonly namespaces: Iterable<Namespace>;
}

export const schemaVersion = '1.1.0';

export const buildZone = ({ domain, services, slices, namespaces }: ClusterObjects): Zone => {
  const records = new Map<string, Records>();
  const at = (name: string): Records => {
    const known = records.get(name) ?? { a: [], srv: [], ptr: [], txt: [] };
    records.set(name, known);
    return known;
  };
  const slicesOf = groupByService(slices);
  for (const service of services) {
    addService(service, slicesOf.get(serviceKey(service)) ?? [], { at, domain });
  }
  at(`dns-version.${domain}`).txt.push(schemaVersion);
  const names = new Set([...namespaces].map(({ metadata }) => metadata.name));
  const existing = ancestors(records.keys(), domain);
  for (const name of names) existing.add(`${name}.svc.${domain}`).add(`${name}.pod.${domain}`);
  for (const name of [domain, `svc.${domain}`, `pod.${domain}`]) existing.add(name);
  return {
    domain,
    namespaces: names,
    get: (name) => records.get(name),
    exists: (name) => records.has(name) || existing.has(name),
  };
};

interface Adding {
  readonly at: (name: string) => Records;
  readonly domain: string;
}

const serviceKey = ({ metadata: { name, namespace = '' } }: Service): string => `${namespace}/${name}`;

const groupByService = (slices: Iterable<EndpointSlice>): Map<string, EndpointSlice[]> => {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const { labels, namespace = '' } = slice.metadata;
    const key = `${namespace}/${labels?.[serviceNameLabel] ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), slice]);
  }
  return groups;
};

const addService = (service: Service, slices: readonly EndpointSlice[], { at, domain }: Adding): void => {
  const { name, namespace = '' } = service.metadata;
  const base = `${name}.${namespace}.svc.${domain}`;
  const { type, externalName, clusterIP, clusterIPs, ports = [] } = service.spec;
  if (type === 'ExternalName') {
    if (externalName) at(base).cname = externalName.replace(/\.$/, '').toLowerCase();
    return;
  }
  // The specification wants NXDOMAIN for a headless service without ready endpoints.
  const headless = clusterIP === 'None';
  if (!headless) {
    const own = at(base);
    for (const ip of (clusterIPs ?? (clusterIP ? [clusterIP] : [])).filter(isIPv4)) {
      own.a.push(ip);
      at(reverseName(ip)).ptr.push(base);
    }
    for (const { name: port, protocol = 'TCP', port: number } of ports) {
      if (port) at(srvName(port, protocol, base)).srv.push({ port: number, target: base });
    }
  }
  for (const slice of slices) addEndpoints(slice, { base, headless }, at);
};

const addEndpoints = (
  slice: EndpointSlice,
  { base, headless }: { readonly base: string; readonly headless: boolean },
  at: Adding['at'],
): void => {
  for (const endpoint of slice.endpoints.filter(({ conditions }) => conditions?.ready !== false)) {
    for (const ip of endpoint.addresses.filter(isIPv4)) {
      const name = `${hostnameOf(endpoint, ip)}.${base}`;
      pushNew(at(name).a, ip);
      pushNew(at(reverseName(ip)).ptr, name);
      if (!headless) continue;
      pushNew(at(base).a, ip);
      for (const { name: port, protocol = 'TCP', port: number } of slice.ports ?? []) {
        if (port && number) at(srvName(port, protocol, base)).srv.push({ port: number, target: name });
      }
    }
  }
};

/** The hostname of an endpoint, or its address with dashes, as in CoreDNS. */
const hostnameOf = ({ hostname }: Endpoint, ip: string): string => hostname?.toLowerCase() || ip.replaceAll('.', '-');

const srvName = (port: string, protocol: string, base: string): string =>
  `_${port.toLowerCase()}._${protocol.toLowerCase()}.${base}`;

export const reverseName = (ip: string): string => `${ip.split('.').reverse().join('.')}.in-addr.arpa`;

/** An endpoint that moves between slices may be in two slices for a moment. */
const pushNew = (list: string[], value: string): void => {
  if (!list.includes(value)) list.push(value);
};

const ancestors = (names: Iterable<string>, domain: string): Set<string> => {
  const found = new Set<string>();
  for (const name of names) {
    for (let rest = name; rest.endsWith(`.${domain}`); ) {
      rest = rest.slice(rest.indexOf('.') + 1);
      found.add(rest);
    }
  }
  return found;
};
