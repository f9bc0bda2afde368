// A packet's way through a cluster, hop by hop, until it ends.
import { joinEndpoint } from '../address.ts';
import { Budget } from '../node/budget.ts';
import { resolve } from '../node/conditions.ts';
import type { Flow } from '../node/conntrack.ts';
import { gapsAt } from '../node/gaps.ts';
import type { Condition, Entry, Headers, NodeEnd, SentPacket } from '../node/packet.ts';
import { sendPacket } from '../node/send.ts';
import { endOf, headersOf, hopOf, sentOf } from './hop.ts';
import type { Cluster, Machine } from './model.ts';
import { type Crossing, findReceiver, type Receiver } from './segment.ts';
import { type Hop, linkLoss, type Passage, type Way, type WayEnd } from './way.ts';

/** Connections of each machine besides those in its texts. */
export type ExtraFlows = ReadonlyMap<string, readonly Flow[]>;

/** What rules of each machine have remembered of earlier packets. */
export type Memory = ReadonlyMap<string, readonly string[]>;

/**
 * Every way that a packet can take, most probable first.
 * @param from the machine's name, and how the packet begins there: by default, a process sends it
 * @throws TraceLimitError when there are too many ways or rules
 */
export const walkCluster = (
  cluster: Cluster,
  packet: SentPacket,
  from: { readonly machine: string; readonly entry?: Entry; readonly flows?: ExtraFlows; readonly memory?: Memory },
): Way[] => {
  const machine = cluster.machines.get(from.machine);
  if (!machine) throw new Error(`there is no machine ${from.machine}`);
  const trip: Trip = {
    cluster,
    budget: new Budget(),
    hops: [],
    seen: new Set(),
    probability: 1,
    conditions: [],
    randomPort: false,
    depth: 0,
    flows: from.flows ?? new Map(),
    memory: from.memory ?? new Map(),
  };
  const ways = visit(trip, machine, packet, from.entry ?? { kind: 'process' });
  return resolve(ways, fateOf).toSorted((one, other) => other.probability - one.probability);
};

/** Ways that end alike whether a limit holds or not are one. By which rule a packet is stopped does not matter. */
const fateOf = ({ end, headers }: Way): string => {
  if (end.kind === 'dropped') return `dropped ${end.machine}`;
  if (end.kind === 'rejected') return `rejected ${end.machine} ${end.with}`;
  return JSON.stringify([end, { ...headers, mark: 0 }]);
};

interface Trip {
  readonly cluster: Cluster;
  readonly budget: Budget;
  readonly hops: readonly Hop[];
  readonly seen: ReadonlySet<string>;
  readonly probability: number;
  readonly conditions: readonly Condition[];
  readonly randomPort: boolean;
  /** How many tunnels are around the packet. */
  readonly depth: number;
  readonly flows: ExtraFlows;
  readonly memory: Memory;
}

const mostHops = 64;
const mostTunnels = 3;

const visit = (trip: Trip, machine: Machine, packet: SentPacket, entry: Entry): Way[] => {
  const key = JSON.stringify([machine.name, entry, { ...packet, ttl: 0 }]);
  const before = headersOf(packet);
  if (trip.seen.has(key) || trip.hops.length > mostHops)
    return [wayOf(trip, { kind: 'loop', machine: machine.name }, before)];
  return sendPacket(machine.node, known(trip, machine, packet), entry, trip.budget).flatMap((branch) => {
    const { end, headers: after, probability, conditions, randomPort } = branch;
    const hop = hopOf(machine, entry, before, branch);
    const onward: Trip = {
      ...trip,
      hops: [...trip.hops, hop],
      seen: new Set([...trip.seen, key]),
      probability: trip.probability * probability,
      conditions: [...trip.conditions, ...conditionsAt(trip, machine, conditions)],
      randomPort: trip.randomPort || randomPort,
    };
    if (end.kind !== 'leaves') return [wayOf(onward, endOf(end, machine, after), after)];
    return leave(onward, machine, end, sentOf(packet, after));
  });
};

/** Rules of several machines, and of one machine that the packet comes to twice, are questions of their own. */
const conditionsAt = (
  { hops }: Trip,
  { name }: Machine,
  conditions: readonly Condition[],
  way = '',
): readonly Condition[] =>
  conditions.map(({ key, text, holds }) => ({
    key: `${name} ${hops.length}${way} ${key}`,
    text: way === '' ? `${name}: ${text}` : text,
    holds,
  }));

/** The packet in a machine that may have connections and memories of its own. */
const known = ({ flows, memory }: Trip, { name }: Machine, packet: SentPacket): SentPacket => {
  const [own, remembered] = [flows.get(name), memory.get(name)];
  return { ...packet, ...(own ? { flows: own } : {}), ...(remembered ? { remembered } : {}) };
};

const wayOf = ({ hops, probability, conditions, randomPort }: Trip, end: WayEnd, headers: Headers): Way => ({
  hops,
  end,
  headers,
  probability,
  conditions,
  randomPort,
});

type Leaving = Extract<NodeEnd, { kind: 'leaves' }>;

/** From a link of one machine to the machine that receives the frame. */
const leave = (trip: Trip, machine: Machine, { link: name, nextHop, fromPort }: Leaving, packet: SentPacket): Way[] => {
  const stop = (end: WayEnd): Way[] => [wayOf(trip, end, headersOf(packet))];
  const link = machine.links.get(name);
  if (!link) return stop({ kind: 'unknown', machine: machine.name, reasons: [`there is no link ${name}`] });
  const found = findReceiver(trip.cluster, machine, link, nextHop, fromPort);
  if ('unknown' in found) return stop({ kind: 'unknown', machine: machine.name, reasons: [found.unknown] });
  if ('dropped' in found)
    return stop({ kind: 'dropped', machine: found.machine.name, by: found.dropped, step: undefined });
  if ('none' in found) return stop({ kind: 'unroutable', machine: machine.name, by: found.none });
  // The rules of the bridge that forwards the frame by itself were asked before it found the port.
  const [first, ...rest] = found.receiver.crossings;
  const asked =
    fromPort !== undefined && first?.kind === 'bridge' ? [{ ...first, fromPort: undefined }, ...rest] : undefined;
  return carry(trip, found.receiver, packet, asked ?? found.receiver.crossings);
};

/** Carries the frame through the bridges and tunnels that are left. */
const carry = (
  trip: Trip,
  receiver: Receiver,
  packet: SentPacket,
  crossings: readonly Crossing[],
  through: readonly string[] = [],
  tunnel?: readonly Hop[],
): Way[] => {
  const [crossing, ...rest] = crossings;
  if (!crossing) {
    const { machine, link, bridgePort } = receiver;
    const port = bridgePort === undefined ? {} : { bridgePort, portOf: portFinder(trip.cluster, machine, bridgePort) };
    const entry: Entry = { kind: 'link', link: link.name, ...port };
    const next: Passage = { machine: machine.name, link: bridgePort ?? link.name, through, tunnel };
    return visit(pass(trip, next), machine, packet, entry);
  }
  if (crossing.kind === 'tunnel') return throughTunnel(trip, receiver, packet, crossing, rest, through);
  const { machine, bridge, fromPort, toPort } = crossing;
  const passed = [...through, `bridge ${bridge} of ${machine.name}`];
  // A frame that the machine itself sends out of its bridge passed its hooks already, but not its port.
  const reasons = fromPort === undefined ? gapsAt(machine.node, [{ hook: 'egress', link: toPort }]) : [];
  if (reasons.length > 0) return [wayOf(trip, { kind: 'unknown', machine: machine.name, reasons }, headersOf(packet))];
  if (fromPort === undefined || !filters(machine, packet))
    return throughQueue(trip, receiver, packet, { machine, toPort, rest, through: passed, tunnel });
  return throughBridge(
    trip,
    receiver,
    packet,
    crossing,
    { rest, passed, next: { machine: machine.name, link: fromPort, through, tunnel } },
    toPort,
  );
};

interface Queued {
  readonly machine: Machine;
  readonly toPort: string;
  readonly rest: readonly Crossing[];
  readonly through: readonly string[];
  readonly tunnel?: readonly Hop[] | undefined;
}

/** Out of a bridge by a port that may lose packets. A part of them is a remark only: the next packet may arrive. */
const throughQueue = (
  trip: Trip,
  receiver: Receiver,
  packet: SentPacket,
  { machine, toPort, rest, through, tunnel }: Queued,
): Way[] => {
  const loss = machine.losses?.get(toPort) ?? 0;
  if (loss === 0) return carry(trip, receiver, packet, rest, through, tunnel);
  // The kernel keeps the share as a whole number.
  const percent = Number((loss * 100).toFixed(3));
  const end: WayEnd = { kind: 'dropped', machine: machine.name, by: linkLoss, step: undefined };
  if (percent === 100) return [wayOf(trip, end, headersOf(packet))];
  return carry(trip, receiver, packet, rest, [...through, `loss ${percent}%`], tunnel);
};

/** Behind which port of its bridge a machine finds a next hop. */
const portFinder =
  (cluster: Cluster, machine: Machine, fromPort: string) =>
  (bridge: string, nextHop: string): string | undefined => {
    const link = machine.links.get(bridge);
    const found = link && findReceiver(cluster, machine, link, nextHop, fromPort);
    const [first] = found && 'receiver' in found ? found.receiver.crossings : [];
    return first?.kind === 'bridge' ? first.toPort : undefined;
  };

/** Whether the machine may do something about a frame that its bridge carries. */
const filters = ({ node }: Machine, { destination }: SentPacket): boolean =>
  node.gaps.length > 0 ||
  node.sysctls.number(`net.bridge.bridge-nf-call-${destination.includes(':') ? 'ip6' : 'ip'}tables`) !== 0;

/** Writes into the last hop where the packet goes next. */
const pass = (trip: Trip, next: Passage): Trip => {
  const last = trip.hops.at(-1);
  return last ? { ...trip, hops: [...trip.hops.slice(0, -1), { ...last, next }] } : trip;
};

interface Bridging {
  readonly rest: readonly Crossing[];
  readonly passed: readonly string[];
  readonly next: Passage;
}

/** A bridge whose machine asks its rules about bridged frames: a hop of its own. */
const throughBridge = (
  trip: Trip,
  receiver: Receiver,
  packet: SentPacket,
  crossing: Extract<Crossing, { kind: 'bridge' }>,
  { rest, next }: Bridging,
  toPort: string,
): Way[] => {
  const { machine, bridge, fromPort = '' } = crossing;
  const portOf = portFinder(trip.cluster, machine, fromPort);
  const entry: Entry = { kind: 'bridged', bridge, fromPort, toPort, portOf };
  const onward = pass(trip, next);
  const before = headersOf(packet);
  return sendPacket(machine.node, known(trip, machine, packet), entry, trip.budget).flatMap((branch) => {
    const { end, headers: after, probability, conditions, randomPort } = branch;
    const hop = hopOf(machine, entry, before, branch);
    const inside: Trip = {
      ...onward,
      hops: [...onward.hops, hop],
      probability: onward.probability * probability,
      conditions: [...onward.conditions, ...conditionsAt(onward, machine, conditions)],
      randomPort: onward.randomPort || randomPort,
    };
    if (end.kind !== 'leaves') return [wayOf(inside, endOf(end, machine, after), after)];
    const sent = sentOf(packet, after);
    if (end.link === toPort) return throughQueue(inside, receiver, sent, { machine, toPort, rest, through: [] });
    return inside.hops.length > mostHops
      ? [wayOf(inside, { kind: 'loop', machine: machine.name }, after)]
      : leave(inside, machine, end, sent);
  });
};

/** The frame inside a UDP packet from this machine to the remote one. */
const throughTunnel = (
  trip: Trip,
  receiver: Receiver,
  packet: SentPacket,
  { machine, link, remote }: Extract<Crossing, { kind: 'tunnel' }>,
  rest: readonly Crossing[],
  through: readonly string[],
): Way[] => {
  const { vxlan } = link;
  if (!vxlan || trip.depth >= mostTunnels)
    return [wayOf(trip, { kind: 'loop', machine: machine.name }, headersOf(packet))];
  const outer: SentPacket = {
    destination: remote,
    protocol: 'udp',
    destinationPort: vxlan.port,
    ...(vxlan.local === undefined ? {} : { source: vxlan.local }),
  };
  const inner: Trip = { ...trip, hops: [], depth: trip.depth + 1, probability: 1, conditions: [], randomPort: false };
  return visit(inner, machine, outer, { kind: 'process' }).flatMap((way) => {
    const carried = {
      ...trip,
      probability: trip.probability * way.probability,
      conditions: [...trip.conditions, ...conditionsAt(trip, machine, way.conditions, 'tunnel')],
    };
    const name = `VXLAN ${vxlan.id} from ${machine.name} to ${joinEndpoint(remote, vxlan.port)}`;
    const arrives = way.end.kind === 'delivered' && way.end.port === vxlan.port;
    if (arrives) return carry(carried, receiver, packet, rest, [...through, name], way.hops);
    const lost = pass(carried, { machine: way.end.machine, link: '', through: [...through, name], tunnel: way.hops });
    return [wayOf(lost, way.end, headersOf(packet))];
  });
};
