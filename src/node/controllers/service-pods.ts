// The pods and ports of a service, for EndpointSlices and Endpoints.

import type { Service, ServicePort } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { lastingContainers } from '../../api/pods.ts';
import { pods, services } from '../../api/resources.ts';
import { matchesLabels } from '../../api/selectors.ts';
import { timestamp } from '../../api/time.ts';
import { keyOf } from '../client/types.ts';
import type { World } from './controller.ts';
import { createdAt, isTerminal, readySince } from './pods.ts';

/** A port, as in an EndpointSlice and in Endpoints. */
export interface ResolvedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

/** False without a selector (a user writes the endpoints) and for type ExternalName (there are no endpoints). */
export const hasManagedEndpoints = ({ spec }: Service): boolean =>
  spec.selector !== undefined && Object.keys(spec.selector).length > 0 && spec.type !== 'ExternalName';

export const servicesOfPod = (pod: Pod, world: World): string[] =>
  world
    .all(services, pod.metadata.namespace)
    .filter(
      (service) => hasManagedEndpoints(service) && matchesLabels(service.spec.selector ?? {}, pod.metadata.labels),
    )
    .map(keyOf);

/** The selected pods that have an address and have not ended, whether ready or not. */
export const podsOfService = (service: Service, world: World): readonly Pod[] =>
  world
    .all(pods, service.metadata.namespace)
    .filter(
      (pod) =>
        matchesLabels(service.spec.selector ?? {}, pod.metadata.labels) &&
        !isTerminal(pod) &&
        addressesOf(pod).length > 0,
    );

/** IPv4 only, because labs have no IPv6. */
export const addressesOf = ({ status }: Pod): string[] => {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : []);
  return all.filter((ip) => ip.includes('.'));
};

/** The service's ports on this pod. A named port that the pod lacks is left out. */
export const resolvePorts = (service: Service, pod: Pod): ResolvedPort[] =>
  (service.spec.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(servicePort, pod);
    if (port === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });

const targetPort = ({ targetPort: target, port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined => {
  if (target === undefined || target === 0 || target === '') return port;
  if (typeof target === 'number') return target;
  const named = lastingContainers(pod.spec)
    .flatMap(({ ports = [] }) => ports)
    .find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === protocol);
  return named?.containerPort;
};

/** The name of a pod under a headless service. */
export const hostnameIn = (service: Service, { spec }: Pod): string | undefined =>
  spec.hostname && spec.subdomain === service.metadata.name ? spec.hostname : undefined;

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None';

/** The time of the newest change of the service or its pods. kube-proxy measures its latency from this time. */
export const lastChange = (service: Service, members: readonly Pod[]): string => {
  const times = [createdAt(service), ...members.map((pod) => readySince(pod) ?? createdAt(pod))];
  return timestamp(Math.max(...times));
};

export const headlessLabel = 'service.kubernetes.io/headless';
