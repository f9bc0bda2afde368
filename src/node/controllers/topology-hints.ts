// A service's traffic distribution, or its annotation for topology mode Auto → hints in its EndpointSlices: for which
// zones and nodes an endpoint is meant. Every kube-proxy prefers the endpoints for its node, then those for its zone.
import type { Node, Service } from '../../api/core.ts';
import type { Endpoint } from '../../api/discovery.ts';
import { allocateZones } from './topology-allocation.ts';

/** The second one is the older name. Where a service has it, the first one has no effect. */
const [modeAnnotation, olderAnnotation] = [
  'service.kubernetes.io/topology-mode',
  'service.kubernetes.io/topology-aware-hints',
] as const;

export interface Hints {
  of(endpoint: Endpoint): Pick<Endpoint, 'hints'>;
  /** Why a service with topology mode Auto gets no hints. */
  readonly problem?: string;
}

/** Whether the service asks for topology mode Auto. The traffic distribution then has no effect. */
export const isTopologyAuto = ({ metadata: { annotations = {} } }: Service): boolean =>
  /^[Aa]uto$/.test(annotations[olderAnnotation] ?? annotations[modeAnnotation] ?? '');

/** @param endpoints all endpoints of the service. Only ready ones get hints. */
export const hintsFor = (service: Service, endpoints: readonly Endpoint[], nodes: readonly Node[]): Hints => {
  if (!isTopologyAuto(service)) return { of: (endpoint) => distributed(service, endpoint) };
  const allocation = allocateZones(endpoints, nodes);
  if ('problem' in allocation) return { of: () => ({}), ...allocation };
  return {
    of: (endpoint) => {
      const name = allocation.zones.get(endpoint);
      return name === undefined ? {} : { hints: { forZones: [{ name }] } };
    },
  };
};

/** An endpoint without a zone or a node gets no hint. Kube-proxy then ignores those of the other endpoints. */
const distributed = ({ spec }: Service, { conditions, zone, nodeName }: Endpoint): Pick<Endpoint, 'hints'> => {
  const { trafficDistribution: wanted } = spec;
  if (conditions?.ready !== true) return {};
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  if (wanted === 'PreferSameNode') return nodeName ? { hints: { ...forZones, forNodes: [{ name: nodeName }] } } : {};
  // PreferClose is the older name.
  return zone && (wanted === 'PreferClose' || wanted === 'PreferSameZone') ? { hints: forZones } : {};
};
