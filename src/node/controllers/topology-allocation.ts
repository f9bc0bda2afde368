// Topology mode Auto: each zone gets as large a share of a service's endpoints as it has of the CPUs of all nodes
// (k8s.io/endpointslice/topologycache).
import { isConditionTrue } from '../../api/conditions.ts';
import type { Node } from '../../api/core.ts';
import type { Endpoint } from '../../api/discovery.ts';
import { zoneLabel } from '../../api/labels.ts';
import { milliCpu } from '../../api/quantity.ts';

/** A zone may get so much more traffic than its share before no hints are given at all. */
const overloadThreshold = 0.2;

/** The zone that each ready endpoint is meant for, or why there are no hints. */
export type Allocation = { readonly zones: ReadonlyMap<Endpoint, string> } | { readonly problem: string };

export const allocateZones = (endpoints: readonly Endpoint[], nodes: readonly Node[]): Allocation => {
  const ready = endpoints.filter(({ conditions }) => conditions?.ready === true).toSorted(byAddress);
  const shares = cpuShares(nodes);
  if (!shares)
    return { problem: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes' };
  if (shares.size < 2) return { problem: 'Nodes only ready in one zone' };
  if (shares.size > ready.length)
    return { problem: `Insufficient number of endpoints (${ready.length} endpoints, ${shares.size} zones)` };
  const least = (share: number): number => Math.ceil((share * ready.length) / (1 + overloadThreshold));
  if ([...shares.values()].reduce((sum, share) => sum + least(share), 0) > ready.length)
    return { problem: 'Minimum allocation of required endpoints exceeds overload threshold' };
  if (ready.some(({ zone }) => !zone)) return { problem: 'One or more endpoints do not have a zone specified' };
  const wanted = new Map(
    [...shares].map(([zone, share]) => [zone, Math.max(share * ready.length, least(share))] as const),
  );
  return { zones: redistribute(ready, wanted) };
};

/** Zone → its share of all CPUs, without control planes. Undefined if the zone or the CPUs of a node are unknown. */
const cpuShares = (nodes: readonly Node[]): ReadonlyMap<string, number> | undefined => {
  const cpus = new Map<string, number>();
  for (const node of nodes) {
    const { labels = {} } = node.metadata;
    if ('node-role.kubernetes.io/control-plane' in labels || !isConditionTrue(node.status?.conditions, 'Ready'))
      continue;
    const [zone, cpu] = [labels[zoneLabel], milliCpu(node.status?.allocatable?.cpu)];
    if (!zone || cpu === 0) return undefined;
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
  }
  const total = [...cpus.values()].reduce((sum, cpu) => sum + cpu, 0);
  return total === 0 ? undefined : new Map([...cpus].map(([zone, cpu]) => [zone, cpu / total]));
};

/** First every endpoint serves its own zone. Then zones with too many endpoints give some to zones with too few. */
const redistribute = (ready: readonly Endpoint[], wanted: ReadonlyMap<string, number>): Map<Endpoint, string> => {
  const zones = new Map(ready.map((endpoint) => [endpoint, endpoint.zone ?? '']));
  const counts = Map.groupBy(ready, ({ zone = '' }) => zone);
  const names = [...new Set([...wanted.keys(), ...counts.keys()])].sort();
  const surplus = new Map(names.map((zone) => [zone, (counts.get(zone)?.length ?? 0) - (wanted.get(zone) ?? 0)]));
  const sum = (sign: 1 | -1): number => [...surplus.values()].reduce((total, n) => total + Math.max(0, n * sign), 0);
  const [given, taken] = [sum(1), sum(-1)];
  const moved = Math.min(given, taken);
  const gives = new Map(names.map((zone) => [zone, part(surplus.get(zone) ?? 0, given, moved)]));
  const takes = new Map(names.map((zone) => [zone, part(-(surplus.get(zone) ?? 0), taken, moved)]));
  for (const endpoint of ready) {
    const from = endpoint.zone ?? '';
    const to = names.find((zone) => (takes.get(zone) ?? 0) > 0);
    if (to === undefined || (gives.get(from) ?? 0) <= 0) continue;
    gives.set(from, (gives.get(from) ?? 0) - 1);
    takes.set(to, (takes.get(to) ?? 0) - 1);
    zones.set(endpoint, to);
  }
  return zones;
};

const part = (own: number, all: number, moved: number): number =>
  own > 0 && all > 0 ? Math.floor((own / all) * moved) : 0;

const byAddress = ({ addresses: [a = ''] }: Endpoint, { addresses: [b = ''] }: Endpoint): number =>
  a < b ? -1 : Number(a > b);
