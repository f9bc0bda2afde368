// Services: defaults, and what an update keeps (Kubernetes' registry/core/service and apis/core/v1/defaults.go).
import type { Service } from '../../../../api/core.ts';
import { type IpFamily, readIp } from '../../../../api/ip.ts';
import { services } from '../../../../api/resources.ts';
import { dns1035Problems } from '../../validation/names.ts';
import type { Definition } from '../definition.ts';
import { allocateService, wantsNodePorts } from './allocate.ts';
import { serviceCells } from './cells.ts';
import { serviceExplanations } from './explanations.ts';
import { needsHealthCheck, validateService, validateServiceStatus, validateServiceUpdate } from './validate.ts';

const setDefaults = (service: Service): void => {
  service.spec ??= {};
  const { spec } = service;
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity !== 'ClientIP') delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined)
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10_800 } };
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (spec.type === 'ExternalName') return;
  spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.clusterIP) spec.clusterIPs ??= [spec.clusterIP];
  spec.ipFamilies ??= familiesOf(spec.clusterIPs);
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (isExposed(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
};

/** Whether clients outside of the cluster can reach it. */
const isExposed = ({ type, externalIPs = [] }: Service['spec']): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || externalIPs.length > 0;

const familiesOf = (addresses: readonly string[] = []): IpFamily[] => {
  const families = addresses.flatMap((address) => readIp(address)?.family ?? []);
  return families.length > 0 ? [...new Set(families)] : ['IPv4'];
};

/** Keeps addresses and node ports that the update leaves out. Drops them when the new type has none. */
const prepareUpdate = (next: Service, current: Service): void => {
  const { spec } = next;
  const before = current.spec;
  if (spec.type === 'ExternalName') {
    if (before.type !== 'ExternalName') dropAddress(next, current);
  } else if (before.type !== 'ExternalName') keepAddress(next, current);
  dropUnused(next, current);
  if (needsHealthCheck(spec) && needsHealthCheck(before) && !spec.healthCheckNodePort && before.healthCheckNodePort)
    spec.healthCheckNodePort = before.healthCheckNodePort;
  if (spec.type === 'ClusterIP' || spec.type === 'ExternalName') dropNodePorts(next, current);
  else keepNodePorts(next, current);
};

const keepAddress = ({ spec }: Service, { spec: before }: Service): void => {
  const isLeftOut = !spec.clusterIP && (!spec.clusterIPs?.length || sameList(spec.clusterIPs, before.clusterIPs));
  if (isLeftOut && before.clusterIP) {
    spec.clusterIP = before.clusterIP;
    spec.clusterIPs = [...(before.clusterIPs ?? [before.clusterIP])];
  } else if (spec.clusterIP && spec.clusterIP !== before.clusterIP && sameList(spec.clusterIPs, before.clusterIPs)) {
    spec.clusterIPs = [spec.clusterIP];
  }
};

/** A name elsewhere has no address. Values that the update changes stay, so that validation refuses them. */
const dropAddress = ({ spec }: Service, { spec: before }: Service): void => {
  if ((!spec.clusterIP || spec.clusterIP === before.clusterIP) && sameList(spec.clusterIPs, before.clusterIPs)) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  if (sameList(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
  if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
};

const sameList = (a: readonly string[] = [], b: readonly string[] = []): boolean => a.join() === b.join();

/** While the service wants node ports, a port of the same name keeps the one that an update leaves out. */
const keepNodePorts = (next: Service, current: Service): void => {
  if (!wantsNodePorts(next) || !wantsNodePorts(current)) return;
  const { spec } = next;
  const used = new Set((spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []));
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue;
    const old = current.spec.ports?.find(({ name = '' }) => name === (port.name ?? ''));
    if (old?.nodePort && !used.has(old.nodePort)) port.nodePort = old.nodePort;
  }
};

/** Drops the node ports that the current service has. Other node ports stay, so that validation refuses them. */
const dropNodePorts = ({ spec }: Service, { spec: before }: Service): void => {
  if (before.type === 'ClusterIP' || before.type === 'ExternalName') return;
  for (const port of spec.ports ?? []) {
    if (before.ports?.some(({ nodePort }) => nodePort === port.nodePort)) delete port.nodePort;
  }
};

/** Drops values that the new type of the service cannot have, unless the update changes them. */
const dropUnused = ({ spec }: Service, { spec: before }: Service): void => {
  const drop = (...fields: readonly (keyof typeof spec)[]): void => {
    for (const field of fields) if (spec[field] === before[field]) delete spec[field];
  };
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer')
    drop('allocateLoadBalancerNodePorts', 'loadBalancerClass');
  if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') drop('healthCheckNodePort');
  if (isExposed(before) && !isExposed(spec)) drop('externalTrafficPolicy');
};

export const serviceDefinition: Definition<Service> = {
  resource: services,
  categories: ['all'],
  subresources: ['status', 'proxy'],
  fieldSelectors: ['spec.clusterIP', 'spec.type'],
  explanations: serviceExplanations,
  columns: ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', '?Selector'],
  cells: serviceCells,
  nameProblems: dns1035Problems,
  setDefaults,
  prepareCreate: (service) => {
    service.status = { loadBalancer: {} };
  },
  prepareUpdate,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatus,
  allocate: allocateService,
  afterCreate: ({ metadata, spec }, { logger }) => {
    if (!spec.clusterIP || spec.clusterIP === 'None') return;
    const service = `${metadata.namespace}/${metadata.name}`;
    logger.info(0, 'allocated clusterIPs', { service, clusterIPs: { IPv4: spec.clusterIP } });
  },
};
