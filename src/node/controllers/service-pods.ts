// Which pods stand behind a service, and on which ports: shared by EndpointSlice and Endpoints.

import type { Pod, Service, ServicePort } from '../../api/core.ts';
import { pods, services } from '../../api/resources.ts';
import { matchesLabels } from '../../api/selectors.ts';
import { timestamp } from '../../api/time.ts';
import { keyOf } from '../client/types.ts';
import type { World } from './controller.ts';
import { createdAt, isTerminal, readySince } from './pods.ts';

/** A port as both EndpointSlice and Endpoints write it. */
export interface ResolvedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

/** Services without a selector have endpoints that somebody else writes; ExternalName has none. */
export const hasManagedEndpoints = ({ spec }: Service): boolean =>
  spec.selector !== undefined && Object.keys(spec.selector).length > 0 && spec.type !== 'ExternalName';

export const servicesOfPod = (pod: Pod, world: World): string[] =>
  world
    .all(services, pod.metadata.namespace)
    .filter(
      (service) => hasManagedEndpoints(service) && matchesLabels(service.spec.selector ?? {}, pod.metadata.labels),
    )
    .map(keyOf);

/** Pods that have, or had until a moment ago, an address at which they can be reached. */
export const podsOfService = (service: Service, world: World): readonly Pod[] =>
  world
    .all(pods, service.metadata.namespace)
    .filter(
      (pod) =>
        matchesLabels(service.spec.selector ?? {}, pod.metadata.labels) &&
        !isTerminal(pod) &&
        addressesOf(pod).length > 0,
    );

/** IPv4 only: the lab has no other. */
export const addressesOf = ({ status }: Pod): string[] => {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : []);
  return all.filter((ip) => ip.includes('.'));
};

/** The service's ports on this pod; a named port that the pod doesn't have is left out. */
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
  const named = pod.spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === protocol);
  return named?.containerPort;
};

/** A pod's own name under a headless service. */
export const hostnameIn = (service: Service, { spec }: Pod): string | undefined =>
  spec.hostname && spec.subdomain === service.metadata.name ? spec.hostname : undefined;

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None';

/** When the newest of the changes happened that the endpoints show: kube-proxy measures its latency from it. */
export const lastChange = (service: Service, members: readonly Pod[]): string => {
  const times = [createdAt(service), ...members.map((pod) => readySince(pod) ?? createdAt(pod))];
  return timestamp(Math.max(...times));
};

export const headlessLabel = 'service.kubernetes.io/headless';
