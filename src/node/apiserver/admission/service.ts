// Services: defaults, and what an update keeps (Kubernetes' registry/core/service and apis/core/v1/defaults).
import type { Service } from '../../../api/core.ts';
import { allocateService } from './service-allocate.ts';
import { validateService, validateServiceUpdate } from './service-validate.ts';
import type { Strategy } from './strategy.ts';

const setDefaults = (service: Service): void => {
  service.spec ??= {};
  const { spec } = service;
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
  else delete spec.sessionAffinityConfig;
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (spec.type === 'ExternalName') return;
  spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.clusterIP === undefined && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0];
  if (spec.clusterIP) spec.clusterIPs ??= [spec.clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
};

/** What an update leaves out of the addresses stays; what belongs to a type goes with it. */
const prepareUpdate = (next: Service, current: Service): void => {
  const { spec } = next;
  const before = current.spec;
  if (spec.type === 'ExternalName') {
    if (before.type !== 'ExternalName' && spec.clusterIP === before.clusterIP) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
      delete spec.ipFamilies;
      delete spec.ipFamilyPolicy;
    }
  } else if (before.type !== 'ExternalName') keepAddress(next, current);
  if (spec.type === 'ClusterIP' || spec.type === 'ExternalName') dropNodePorts(next, current);
  else keepNodePorts(next, current);
};

const keepAddress = ({ spec }: Service, { spec: before }: Service): void => {
  if (!spec.clusterIP && !spec.clusterIPs?.length && before.clusterIP) {
    spec.clusterIP = before.clusterIP;
    spec.clusterIPs = [...(before.clusterIPs ?? [before.clusterIP])];
  } else if (spec.clusterIP && spec.clusterIP !== before.clusterIP && sameList(spec.clusterIPs, before.clusterIPs)) {
    spec.clusterIPs = [spec.clusterIP];
  }
};

const sameList = (a: readonly string[] = [], b: readonly string[] = []): boolean => a.join() === b.join();

/** A port keeps its node port when an update leaves it out. */
const keepNodePorts = ({ spec }: Service, { spec: before }: Service): void => {
  const used = new Set((spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []));
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue;
    const old = before.ports?.find(({ port: number, protocol }) => number === port.port && protocol === port.protocol);
    if (old?.nodePort && !used.has(old.nodePort)) port.nodePort = old.nodePort;
  }
};

/** Node ports that came along unchanged from a NodePort service go; new ones are an error that validation reports. */
const dropNodePorts = ({ spec }: Service, { spec: before }: Service): void => {
  if (before.type === 'ClusterIP' || before.type === 'ExternalName') return;
  for (const port of spec.ports ?? []) {
    if (before.ports?.some(({ nodePort }) => nodePort === port.nodePort)) delete port.nodePort;
  }
  delete spec.externalTrafficPolicy;
  delete spec.allocateLoadBalancerNodePorts;
  delete spec.healthCheckNodePort;
};

export const serviceStrategy: Strategy<Service> = {
  setDefaults,
  prepareCreate: (service) => {
    service.status = { loadBalancer: {} };
  },
  prepareUpdate,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  allocate: allocateService,
  hasStatus: true,
};
