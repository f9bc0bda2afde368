// A service's traffic distribution → hints in its EndpointSlices: for which zones and nodes an endpoint is meant. Every
// kube-proxy prefers the endpoints that are meant for its node, then those for its zone.
import type { Service } from '../../api/core.ts';
import type { Endpoint } from '../../api/discovery.ts';

/** Only ready endpoints get hints. An endpoint without a zone or node gets none, and kube-proxy then ignores all. */
export const hintsOf = ({ spec }: Service, { conditions, zone, nodeName }: Endpoint): Pick<Endpoint, 'hints'> => {
  const { trafficDistribution: wanted } = spec;
  if (conditions?.ready !== true) return {};
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  if (wanted === 'PreferSameNode') return nodeName ? { hints: { ...forZones, forNodes: [{ name: nodeName }] } } : {};
  return zone && (wanted === 'PreferClose' || wanted === 'PreferSameZone') ? { hints: forZones } : {};
};
