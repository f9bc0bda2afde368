// Service objects → service ports, per address family.
import { isIP } from 'node:net';
import type { Protocol, Service } from '../../../api/core.ts';
import { isCidr } from '../../../api/ip.ts';
import { familyOf, type IpFamily, type PortKey, type ServicePort } from '../types.ts';

/** kube-proxy ignores services and slices with one of these labels. */
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const headlessLabel = 'service.kubernetes.io/headless';

/** The label selector of the informers for services and endpoint slices. */
export const proxySelector = `!${headlessLabel},!${proxyNameLabel}`;

const defaultAffinitySeconds = 10_800;

export const portKey = (service: string, portName: string | undefined, protocol: Protocol): PortKey =>
  `${service}${portName ? `:${portName}` : ''}/${protocol}`;

/**
 * @returns an empty list for headless and ExternalName services, services of another proxy, and services without an
 * address of the family
 */
export const servicePortsOf = (service: Service, family: IpFamily): ServicePort[] => {
  const { metadata, spec, status } = service;
  const { labels = {} } = metadata;
  if (spec.type === 'ExternalName' || proxyNameLabel in labels || headlessLabel in labels) return [];
  const addresses = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  const clusterIp = addresses.find((address) => isIP(address) !== 0 && familyOf(address) === family);
  if (clusterIp === undefined) return [];
  // A text that is no address must not reach the restore, which would then fail for all services.
  const ofFamily = (list: readonly string[] | undefined, isValid = (text: string) => isIP(text) !== 0): string[] =>
    (list ?? []).map((text) => text.trim()).filter((text) => isValid(text) && familyOf(text) === family);
  const name = `${metadata.namespace ?? ''}/${metadata.name}`;
  const localExternal = spec.externalTrafficPolicy === 'Local' && hasExternalTraffic(service);
  const loadBalancer = spec.type === 'LoadBalancer';
  const shared = {
    service: name,
    clusterIp,
    externalIps: ofFamily(spec.externalIPs),
    loadBalancerIps: ofFamily(virtualIps(status?.loadBalancer?.ingress)),
    sourceRanges: ofFamily(spec.loadBalancerSourceRanges, isCidr),
    affinitySeconds: affinityOf(service),
    externalPolicyLocal: localExternal,
    internalPolicyLocal: spec.internalTrafficPolicy === 'Local',
    healthCheckNodePort: loadBalancer && localExternal ? (spec.healthCheckNodePort ?? 0) : 0,
  };
  return (spec.ports ?? []).map((port) => {
    const protocol = port.protocol ?? 'TCP';
    return {
      ...shared,
      key: portKey(name, port.name, protocol),
      portName: port.name ? `${name}:${port.name}` : name,
      protocol,
      port: port.port,
      nodePort: port.nodePort ?? 0,
    };
  });
};

type Ingress = { readonly ip?: string; readonly ipMode?: 'VIP' | 'Proxy' };

/** With `ipMode: Proxy`, traffic arrives at a node port, so the address itself must not be captured (KEP-1860). */
const virtualIps = (ingress: readonly Ingress[] | undefined): string[] =>
  (ingress ?? []).flatMap(({ ip, ipMode }) => (ip !== undefined && ip !== '' && ipMode !== 'Proxy' ? [ip] : []));

const affinityOf = ({ spec }: Service): number | undefined =>
  spec.sessionAffinity === 'ClientIP'
    ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
    : undefined;

const hasExternalTraffic = ({ spec }: Service): boolean =>
  spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.externalIPs ?? []).length > 0;
