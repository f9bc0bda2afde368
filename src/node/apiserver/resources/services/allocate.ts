// Assigns a service's address and node ports: those that the user chose, or free ones.
import { isConditionTrue } from '../../../../api/conditions.ts';
import type { Service, ServicePort } from '../../../../api/core.ts';
import { readIp } from '../../../../api/ip.ts';
import type { IPAddress, ServiceCIDR } from '../../../../api/networking.ts';
import { ipAddresses, serviceCidrs, services } from '../../../../api/resources.ts';
import { type Cidr, cidrContains, type Ipv4 } from '../../../../api/scalars.ts';
import { createIpAllocator, type IpAllocator } from '../../allocation/ip-allocator.ts';
import { type FieldError, invalidValue } from '../../validation/field.ts';
import type { AdmissionContext } from '../definition.ts';
import { needsHealthCheck } from './validate.ts';

const isOther = (a: Service, b: Service): boolean =>
  a.metadata.name !== b.metadata.name || a.metadata.namespace !== b.metadata.namespace;

const othersOf = (service: Service, { store }: AdmissionContext): Service[] =>
  (store.list(services) as Service[]).filter((other) => isOther(other, service));

type Allocation = (
  service: Service,
  current: Service | undefined,
  others: readonly Service[],
  context: AdmissionContext,
) => FieldError[];

export const allocateService = (
  next: Service,
  current: Service | undefined,
  context: AdmissionContext,
): FieldError[] => {
  const others = othersOf(next, context);
  return [
    ...allocateAddress(next, current, others, context),
    ...allocatePorts(next, current, others, context),
    ...allocateHealthCheckPort(next, current, others, context),
  ];
};

const allocateAddress: Allocation = (service, current, others, context) => {
  const { spec } = service;
  const ranges = rangesOf(context);
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None') return [];
  const taken = new Set([
    ...others.flatMap(({ spec: { clusterIPs } }) => (clusterIPs ?? []).map(canonical)),
    ...reserved(service, context),
  ]);
  const wanted = spec.clusterIP;
  // A service keeps its address, even if the server now has another range.
  if (wanted && wanted === current?.spec.clusterIP) return [];
  if (wanted) {
    const address = canonical(wanted) as Ipv4;
    const range = ranges.find((candidate) => cidrContains(candidate.range, address)) ?? context.clusterIps;
    const problem = range.refuse(address, taken);
    return problem ? [invalidValue('spec.clusterIPs', [wanted], `failed to allocate IP ${wanted}: ${problem}`)] : [];
  }
  const address = drawFrom(ranges, taken);
  if (!address) return [invalidValue('spec.clusterIPs', [], 'failed to allocate a serviceIP: range is full')];
  spec.clusterIP = address;
  spec.clusterIPs = [address];
  return [];
};

/** The range of --service-cluster-ip-range comes first, then those of ready ServiceCIDRs. */
const rangesOf = ({ clusterIps, store }: AdmissionContext): readonly IpAllocator[] => {
  const ready = (store.list(serviceCidrs) as ServiceCIDR[]).filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && isConditionTrue(status?.conditions, 'Ready'),
  );
  const others = ready.flatMap(({ spec }) => spec?.cidrs ?? []).filter((cidr) => cidr !== clusterIps.range);
  return [clusterIps, ...others.map((cidr) => createIpAllocator(cidr as Cidr))];
};

const drawFrom = (ranges: readonly IpAllocator[], taken: ReadonlySet<string>): Ipv4 | undefined => {
  for (const range of ranges) {
    const address = range.draw(taken);
    if (address) return address;
  }
  return undefined;
};

/** The addresses of IPAddresses that somebody made for other objects. */
const reserved = ({ metadata }: Service, { store }: AdmissionContext): string[] =>
  (store.list(ipAddresses) as IPAddress[])
    .filter(({ spec }) => {
      const { resource, namespace, name } = spec?.parentRef ?? {};
      return !(resource === 'services' && namespace === metadata.namespace && name === metadata.name);
    })
    .map((address) => address.metadata.name);

/** An address may be written with zeros in front of its octets. */
const canonical = (address: string): string => readIp(address)?.text ?? address;

export const wantsNodePorts = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

const portKey = ({ protocol = 'TCP', nodePort }: ServicePort): string => `${protocol}:${nodePort}`;

const allocatePorts: Allocation = (service, current, others, { nodePorts }) => {
  const { spec } = service;
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return [];
  // As in Kubernetes, another service's port is taken for every protocol.
  const taken = new Set(others.flatMap(usedPorts));
  const own = new Set((current ? (current.spec.ports ?? []) : []).map(portKey));
  const errors = (spec.ports ?? []).flatMap((port, index): FieldError[] => {
    if (!port.nodePort || own.has(portKey(port))) return [];
    const problem = nodePorts.refuse(port.nodePort, taken);
    return problem ? [invalidValue(`spec.ports[${index}].nodePort`, port.nodePort, problem)] : [];
  });
  if (errors.length > 0 || !wantsNodePorts(service)) return errors;
  for (const port of spec.ports ?? []) if (port.nodePort) taken.add(port.nodePort);
  return (spec.ports ?? []).flatMap((port, index): FieldError[] => {
    if (port.nodePort) return [];
    const drawn = sharedNodePort(port, spec.ports ?? []) ?? nodePorts.draw(taken);
    if (drawn === undefined)
      return [invalidValue(`spec.ports[${index}].nodePort`, 0, 'failed to allocate a nodePort: range is full')];
    port.nodePort = drawn;
    taken.add(drawn);
    return [];
  });
};

const allocateHealthCheckPort: Allocation = (service, current, others, { nodePorts }) => {
  const { spec } = service;
  if (!needsHealthCheck(spec) || (spec.healthCheckNodePort ?? 0) === (current?.spec.healthCheckNodePort ?? -1))
    return [];
  const taken = new Set([...others, { ...service, spec: { ...spec, healthCheckNodePort: 0 } }].flatMap(usedPorts));
  const wanted = spec.healthCheckNodePort ?? 0;
  const refuse = (detail: string): FieldError[] => [invalidValue('spec.healthCheckNodePort', wanted, detail)];
  if (wanted !== 0) {
    const problem = nodePorts.refuse(wanted, taken);
    return problem ? refuse(`failed to allocate requested HealthCheck NodePort ${wanted}: ${problem}`) : [];
  }
  const drawn = nodePorts.draw(taken);
  if (drawn === undefined) return refuse('failed to allocate a HealthCheck NodePort: range is full');
  spec.healthCheckNodePort = drawn;
  return [];
};

const usedPorts = ({ spec }: Service): number[] => [
  ...(spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []),
  ...(spec.healthCheckNodePort ? [spec.healthCheckNodePort] : []),
];

/** Ports with the same number and different protocols share a node port (DNS over TCP and UDP). */
const sharedNodePort = (port: ServicePort, ports: readonly ServicePort[]): number | undefined =>
  ports.find(
    (other) => other !== port && other.port === port.port && other.protocol !== port.protocol && other.nodePort,
  )?.nodePort;
