// Service objects → service ports, per address family. Every value of an object is checked here: what no rule can hold
// is left out and logged, and the rest of the service is used.
import type { Protocol, Service } from '../../../api/core.ts';
import type { Selection } from '../../client/types.ts';
import { type Address, addressOf, type Ip, isLabel, type Network, networkOf, type Port, portOf } from '../scalars.ts';
import type { IpFamily, PortKey, ServicePort } from '../types.ts';
import { type Complain, type Json, listOf, recordOf, shown, silently, textOf } from './json.ts';

/** Another proxy serves services with this label. */
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';

/**
 * The services that kube-proxy v1.36 asks for. It does not look at the label of headless services, because users may
 * put that label on any service.
 */
export const serviceSelection: Selection = {
  labelSelector: `!${proxyNameLabel}`,
  fieldSelector: 'spec.clusterIP!=None',
};

/** The endpoint slices that kube-proxy v1.36 asks for: without those of headless services. */
export const sliceSelection: Selection = { labelSelector: '!service.kubernetes.io/headless' };

const defaultAffinitySeconds = 10_800;
/** The longest affinity that the API allows: one day. */
const longestAffinitySeconds = 86_400;

export const portKey = (service: string, portName: string | undefined, protocol: Protocol): PortKey =>
  `${service}${portName ? `:${portName}` : ''}/${protocol}`;

/** The protocol of a port; TCP if the port has none. Undefined if no rule can match it. */
export const protocolOf = (value: unknown = 'TCP'): Protocol | undefined =>
  value === 'TCP' || value === 'UDP' || value === 'SCTP' ? value : undefined;

/** `namespace/name`. Undefined if the names are no names of Kubernetes. */
export const serviceNameOf = (namespace: unknown, name: unknown): string | undefined =>
  isLabel(namespace) && isLabel(name) ? `${namespace}/${name}` : undefined;

/**
 * @returns an empty list for headless and ExternalName services, services of another proxy, and services without an
 * address of the family
 */
export const servicePortsOf = (
  service: Service,
  family: IpFamily,
  complain: Complain = silently,
): readonly ServicePort[] => {
  const { metadata, spec, status } = partsOf(service);
  const labels = recordOf(metadata.labels);
  if (spec.type === 'ExternalName' || proxyNameLabel in labels) return [];
  const name = serviceNameOf(metadata.namespace, metadata.name);
  if (name === undefined) {
    complain('Ignoring service with an invalid name', { service: shown(`${metadata.namespace}/${metadata.name}`) });
    return [];
  }
  const reader = new ServiceReader(name, family, complain);
  const clusterIp = reader.clusterIp(spec);
  if (clusterIp === undefined) return [];
  const localExternal = spec.externalTrafficPolicy === 'Local' && hasExternalTraffic(spec);
  const shared = {
    service: name,
    clusterIp,
    externalIps: reader.addresses('externalIPs', listOf(spec.externalIPs)),
    loadBalancerIps: reader.addresses('loadBalancer', virtualIps(status)),
    sourceRanges: reader.sourceRanges(listOf(spec.loadBalancerSourceRanges)),
    affinitySeconds: reader.affinity(spec),
    externalPolicyLocal: localExternal,
    internalPolicyLocal: spec.internalTrafficPolicy === 'Local',
    healthCheckNodePort: spec.type === 'LoadBalancer' && localExternal ? reader.healthCheckPort(spec) : 0,
  } as const;
  const ports = new Map<PortKey, ServicePort>();
  for (const value of listOf(spec.ports)) {
    const port = reader.port(value);
    if (port && !ports.has(port.key)) ports.set(port.key, { ...shared, ...port });
  }
  return [...ports.values()];
};

const partsOf = (service: unknown): { metadata: Json; spec: Json; status: Json } => {
  const { metadata, spec, status } = recordOf(service);
  return { metadata: recordOf(metadata), spec: recordOf(spec), status: recordOf(status) };
};

/** With `ipMode: Proxy`, traffic arrives at a node port, so the address itself must not be captured (KEP-1860). */
const virtualIps = (status: Json): unknown[] =>
  listOf(recordOf(status.loadBalancer).ingress)
    .map(recordOf)
    .flatMap(({ ip, ipMode }) => (ip !== undefined && ip !== '' && ipMode !== 'Proxy' ? [ip] : []));

const hasExternalTraffic = ({ type, externalIPs }: Json): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || listOf(externalIPs).length > 0;

type OwnParts = Pick<ServicePort, 'key' | 'portName' | 'protocol' | 'port' | 'nodePort'>;

/** Reads the fields of one service for one family. */
class ServiceReader {
  readonly #service: string;
  readonly #family: IpFamily;
  readonly #complain: Complain;

  constructor(service: string, family: IpFamily, complain: Complain) {
    this.#service = service;
    this.#family = family;
    this.#complain = complain;
  }

  clusterIp({ clusterIP, clusterIPs }: Json): Ip | undefined {
    const wanted = clusterIPs === undefined ? [clusterIP] : listOf(clusterIPs);
    return this.addresses(
      'clusterIPs',
      wanted.filter((value) => value !== undefined && value !== '' && value !== 'None'),
    )[0];
  }

  /** The addresses of the family, each once. */
  addresses(field: string, values: readonly unknown[]): Ip[] {
    const found = values.flatMap((value): Address[] => {
      const address = addressOf(value);
      if (!address) this.#drop('Ignoring invalid address of a service', { field, value: shown(value) });
      return address ? [address] : [];
    });
    return [...new Set(found.filter(({ family }) => family === this.#family).map(({ ip }) => ip))];
  }

  /** The networks of the family, each once. None if one of them is the whole family, which restricts nobody. */
  sourceRanges(values: readonly unknown[]): Network[] {
    const found = values.flatMap((value): Network[] => {
      const network = networkOf(value, this.#family);
      if (network === undefined && networkOf(value, this.#family === 'IPv6' ? 'IPv4' : 'IPv6') === undefined)
        this.#drop('Ignoring invalid source range of a service', { value: shown(value) });
      return network === undefined ? [] : [network];
    });
    return found.some((range) => range.endsWith('/0')) ? [] : [...new Set(found)];
  }

  affinity({ sessionAffinity, sessionAffinityConfig }: Json): number | undefined {
    if (sessionAffinity !== 'ClientIP') return undefined;
    const { timeoutSeconds = defaultAffinitySeconds } = recordOf(recordOf(sessionAffinityConfig).clientIP);
    const isUsable = Number.isInteger(timeoutSeconds) && Number(timeoutSeconds) >= 1;
    if (isUsable && Number(timeoutSeconds) <= longestAffinitySeconds) return Number(timeoutSeconds);
    this.#drop('Ignoring invalid session affinity timeout', { timeoutSeconds: shown(timeoutSeconds) });
    return undefined;
  }

  healthCheckPort({ healthCheckNodePort }: Json): Port | 0 {
    if (healthCheckNodePort === undefined || healthCheckNodePort === 0) {
      this.#drop('Service has no healthcheck nodeport', {});
      return 0;
    }
    return this.#optionalPort('healthCheckNodePort', healthCheckNodePort);
  }

  port(value: unknown): OwnParts | undefined {
    const { name = '', port, protocol, nodePort = 0 } = recordOf(value);
    const [number, usedProtocol] = [portOf(port), protocolOf(protocol)];
    if (number === undefined || usedProtocol === undefined || !(name === '' || isLabel(name))) {
      const seen = { portName: shown(name), port: shown(port), protocol: shown(protocol ?? 'TCP') };
      this.#drop('Ignoring invalid service port', seen);
      return undefined;
    }
    const portName = textOf(name) ?? '';
    return {
      key: portKey(this.#service, portName, usedProtocol),
      portName: portName === '' ? this.#service : `${this.#service}:${portName}`,
      protocol: usedProtocol,
      port: number,
      nodePort: this.#optionalPort('nodePort', nodePort),
    };
  }

  #optionalPort(field: string, value: unknown): Port | 0 {
    if (value === 0) return 0;
    const port = portOf(value);
    if (port === undefined) this.#drop('Ignoring invalid node port', { field, value: shown(value) });
    return port ?? 0;
  }

  #drop(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#complain(message, { service: this.#service, ...fields });
  }
}
