// The way of a packet through one network namespace: hooks, routing, delivery. See README.md.
import { canonicalIp } from '../../api/ip.ts';
import { familyOf } from './address.ts';
import { Budget } from './budget.ts';
import { FlowTable } from './conntrack.ts';
import { merge, mergeEnds } from './engine.ts';
import { doubt, type Passed } from './gaps.ts';
import { runHook } from './hooks.ts';
import type { NodeLink } from './links.ts';
import type { NodeModel } from './node.ts';
import type { Branch, Entry, Family, SentPacket } from './packet.ts';
import { martian6, routeIn, routeOut } from './routing.ts';
import { addStep, branchOf, dropBy, endPacket, type PacketState, unknown } from './state.ts';
import { askXfrm } from './xfrm.ts';

/** Every way that the packet can take through the namespace. Ways that end alike are one branch. */
export const sendPacket = (node: NodeModel, packet: SentPacket, entry: Entry, budget = new Budget()): Branch[] => {
  const start = startOf(packet, entry);
  const ends =
    entry.kind === 'process'
      ? fromProcess(node, start, budget)
      : entry.kind === 'link'
        ? fromLink(node, start, entry, budget)
        : bridged(node, start, entry, budget);
  const known = node.xfrm.length === 0 ? ends : ends.map((end) => askXfrm(node.xfrm, start, entry, end));
  return mergeEnds(merge(known))
    .filter(({ probability }) => probability > 0)
    .map(branchOf);
};

const ephemeralPort = 49_152;
const portless: ReadonlySet<string> = new Set(['icmp', 'icmpv6']);

const startOf = (packet: SentPacket, entry: Entry): PacketState => {
  const destination = canonicalIp(packet.destination);
  const family = familyOf(destination);
  const protocol = packet.protocol ?? 'tcp';
  const hasPorts = !portless.has(protocol) && Number.isNaN(Number(protocol));
  return {
    family,
    source: packet.source === undefined ? '' : canonicalIp(packet.source),
    destination,
    protocol,
    sourcePort: hasPorts ? (packet.sourcePort ?? ephemeralPort) : packet.sourcePort,
    destinationPort: packet.destinationPort,
    mark: packet.mark ?? 0,
    ttl: packet.ttl ?? 64,
    tos: packet.tos ?? 0,
    length: packet.length,
    tcpFlags: protocol === 'tcp' ? (packet.tcpFlags ?? ['syn']) : [],
    icmpType: hasPorts ? undefined : (packet.icmpType ?? (family === 'ip' ? 8 : 128)),
    icmpCode: hasPorts ? undefined : (packet.icmpCode ?? 0),
    iif: '',
    oif: '',
    physIn: '',
    physOut: '',
    route: undefined,
    user: entry.kind === 'process' ? entry.user : undefined,
    ofProcess: entry.kind === 'process',
    tracked: 'none',
    flows: packet.flows && new FlowTable(packet.flows),
    wanted: packet.state,
    added: packet.remembered ?? [],
    randomPort: false,
    probability: 1,
    steps: undefined,
    unsure: [],
    conditions: [],
    end: undefined,
  };
};

type Next = (packet: PacketState) => PacketState[];
/** Hands the packets that have not ended to the next part of the way. */
const onward = (packets: readonly PacketState[], next: Next): PacketState[] =>
  merge(packets.flatMap((packet) => (packet.end ? [packet] : next(packet))));

const fromLink = (
  node: NodeModel,
  start: PacketState,
  entry: Extract<Entry, { kind: 'link' }>,
  budget: Budget,
): PacketState[] => {
  const link = node.links.find(({ name }) => name === entry.link);
  const down = { kind: 'kernel', effect: `drop: ${entry.link} is down` } as const;
  if (!link) return [unknown(start, `there is no link ${entry.link}`)];
  if (!link.up) return [dropBy(start, down, `${entry.link} is down`)];
  const martian = entry.link === 'lo' ? undefined : martian6(start);
  if (martian) return [martian];
  const met = doubt(start, node, [
    ...[entry.link, entry.bridgePort].map((name) => ({ hook: 'ingress', link: name }) as const),
    ...(link.kind === 'bridge' ? ([{ hook: 'bridge prerouting' }, { hook: 'bridge input' }] as const) : []),
  ]);
  const packet = { ...met, iif: entry.link, physIn: entry.bridgePort ?? '' };
  const received = runHook(node.hooks[packet.family].prerouting, packet, budget);
  return onward(received, (each) =>
    onward(routeIn(each, entry.link, node), (routed) =>
      isTurned(node, start, routed, link)
        ? forwardFrame(
            node,
            routed,
            { ...entry, bridge: link.name, fromPort: entry.bridgePort ?? '', toPort: '' },
            budget,
          )
        : arrive(node, routed, budget),
    ),
  );
};

/** With bridge-nf-call-iptables, a frame whose new destination lies behind the same bridge stays in the bridge. */
const isTurned = (node: NodeModel, before: PacketState, packet: PacketState, link: NodeLink): boolean =>
  link.kind === 'bridge' &&
  asksRules(node, packet.family) &&
  packet.destination !== before.destination &&
  packet.route?.type === 'unicast' &&
  packet.route.link === link.name;

const asksRules = ({ sysctls }: NodeModel, family: Family): boolean =>
  sysctls.number(family === 'ip' ? 'net.bridge.bridge-nf-call-iptables' : 'net.bridge.bridge-nf-call-ip6tables') !== 0;

/** The name of a port that is there, but not known. */
const unknownPort = '?';

type Bridged = Omit<Extract<Entry, { kind: 'bridged' }>, 'kind'>;

/** A frame from one port of a bridge to another. Rules see it only with bridge-nf-call-iptables. */
const bridged = (node: NodeModel, start: PacketState, frame: Bridged, budget: Budget): PacketState[] => {
  const met = doubt(start, node, [{ hook: 'ingress', link: frame.fromPort }, { hook: 'bridge prerouting' }]);
  const packet = { ...met, iif: frame.bridge, physIn: frame.fromPort };
  const out = { kind: 'leaves', link: frame.toPort, nextHop: packet.destination } as const;
  if (!asksRules(node, packet.family)) return [endPacket(doubt(packet, node, forwarding(frame.toPort)), out)];
  const received = runHook(node.hooks[packet.family].prerouting, packet, budget);
  return onward(received, (each) => {
    if (each.destination === packet.destination) return forwardFrame(node, each, frame, budget);
    return onward(routeIn(each, frame.bridge, node), (routed) =>
      routed.route?.type === 'unicast' && routed.route.link === frame.bridge
        ? forwardFrame(node, routed, { ...frame, toPort: '' }, budget)
        : arrive(node, routed, budget),
    );
  });
};

const forwarding = (toPort: string | undefined): readonly Passed[] => [
  { hook: 'bridge forward' },
  { hook: 'bridge postrouting' },
  { hook: 'egress', link: toPort },
];

/** @param frame its `toPort` is empty if the bridge must find the port of a new destination */
const forwardFrame = (node: NodeModel, packet: PacketState, frame: Bridged, budget: Budget): PacketState[] => {
  const { bridge, fromPort, toPort, portOf } = frame;
  const hooks = node.hooks[packet.family];
  const found = toPort || portOf?.(bridge, packet.route?.gateway ?? packet.destination);
  const crossing = { ...packet, iif: bridge, oif: bridge, physIn: fromPort, physOut: found ?? unknownPort };
  return onward(runHook(hooks.forward, crossing, budget), (each) =>
    onward(runHook(hooks.postrouting, { ...each, iif: '' }, budget), (sent) => {
      const nextHop = sent.route?.gateway ?? sent.destination;
      const end = toPort === '' ? { link: bridge, nextHop, fromPort } : { link: toPort, nextHop };
      return [endPacket(doubt(confirm(sent), node, forwarding(found)), { kind: 'leaves', ...end })];
    }),
  );
};

/** After the routing decision for an arriving packet. */
const arrive = (node: NodeModel, packet: PacketState, budget: Budget): PacketState[] =>
  packet.route?.type === 'local' ? deliver(node, packet, budget) : forward(node, packet, budget);

const deliver = (node: NodeModel, packet: PacketState, budget: Budget): PacketState[] => {
  const local = runHook(node.hooks[packet.family].input, { ...packet, oif: '' }, budget);
  return onward(local, (each) => {
    // IPVS sends the packet on to another machine.
    if (each.route?.type !== 'local') return sendFromIpvs(node, each, budget);
    return [endPacket(confirm(each), { kind: 'delivered', listening: isListening(node, each) })];
  });
};

const isListening = (
  { listeners }: NodeModel,
  { protocol, destination, destinationPort }: PacketState,
): boolean | undefined => {
  if (!listeners || !['tcp', 'udp', 'sctp'].includes(protocol)) return undefined;
  const v6 = destination.includes(':');
  return listeners.some(
    (each) =>
      each.protocol === protocol &&
      each.port === destinationPort &&
      (each.address === destination || each.address === '::' || (!v6 && each.address === '0.0.0.0')),
  );
};

const forward = (node: NodeModel, packet: PacketState, budget: Budget): PacketState[] => {
  if (packet.ttl <= 1) {
    const by = 'its time to live ended';
    const error = packet.family === 'ip' ? 'icmp-time-exceeded' : 'icmp6-time-exceeded';
    return [endPacket(packet, { kind: 'rejected', with: error, by, step: undefined })];
  }
  const hop = { ...packet, ttl: packet.ttl - 1, oif: packet.route?.link ?? '', physIn: '' };
  const forwarded = runHook(node.hooks[packet.family].forward, hop, budget);
  return onward(forwarded, (each) => leave(node, each, budget));
};

/** The last hook, and out by the link of the route. */
const leave = (node: NodeModel, packet: PacketState, budget: Budget): PacketState[] => {
  const { route } = packet;
  if (!route) return [unknown(packet, 'the packet has no route')];
  const sent = runHook(node.hooks[packet.family].postrouting, { ...packet, oif: route.link }, budget);
  return onward(sent, (each) => {
    const link = node.links.find(({ name }) => name === route.link);
    const made = doubt(confirm(each), node, [
      { hook: 'egress', link: route.link },
      ...(link?.kind === 'bridge' ? ([{ hook: 'bridge output' }, { hook: 'bridge postrouting' }] as const) : []),
    ]);
    if (link?.up === false)
      return [dropBy(made, { kind: 'kernel', effect: `drop: ${route.link} is down` }, `${route.link} is down`)];
    return [endPacket(made, { kind: 'leaves', link: route.link, nextHop: route.gateway ?? each.destination })];
  });
};

const fromProcess = (node: NodeModel, start: PacketState, budget: Budget): PacketState[] =>
  onward(routeOut(toItself(start), node), (routed) => {
    const output = { ...routed, oif: routed.route?.link ?? '' };
    return onward(runHook(node.hooks[start.family].output, output, budget), (each) => afterOutput(node, each, budget));
  });

/** For a process, 0.0.0.0 and :: are its own machine, at the address that it sends from, if it chose one. */
const toItself = (packet: PacketState): PacketState => {
  const { destination, source } = packet;
  if (destination !== '0.0.0.0' && destination !== '::') return packet;
  const itself = destination === '::' ? '::1' : source === '' || source === '0.0.0.0' ? '127.0.0.1' : source;
  const effect = `${destination} stands for this machine: send to ${itself}`;
  return addStep({ ...packet, destination: itself }, { kind: 'kernel', effect });
};

const afterOutput = (node: NodeModel, packet: PacketState, budget: Budget): PacketState[] => {
  if (packet.route?.type !== 'local') return leave(node, packet, budget);
  const hooks = node.hooks[packet.family];
  const looped = runHook(hooks.postrouting, { ...packet, iif: '', oif: 'lo' }, budget);
  return onward(looped, (each) => {
    const met = doubt(confirm(each), node, [
      { hook: 'egress', link: 'lo' },
      { hook: 'ingress', link: 'lo' },
    ]);
    const arrived = runHook(hooks.prerouting, { ...met, iif: 'lo', oif: '', ofProcess: false }, budget);
    return onward(arrived, (again) => deliver(node, again, budget));
  });
};

/** A new connection enters the table when its first packet leaves the last hook. */
const confirm = (packet: PacketState): PacketState => {
  const { tracked } = packet;
  if (typeof tracked === 'string' || tracked.flow) return packet;
  const { changed, original } = tracked;
  if (!changed.source && !changed.destination) return packet;
  const to =
    packet.destinationPort === undefined ? packet.destination : `${packet.destination}:${packet.destinationPort}`;
  const effect = `remembers ${original.source} → ${original.destination} as ${packet.source} → ${to}`;
  const known = packet.steps?.step;
  if (known?.kind === 'conntrack' && known.effect === effect) return packet;
  return addStep(packet, { kind: 'conntrack', effect });
};

const sendFromIpvs = (node: NodeModel, packet: PacketState, budget: Budget): PacketState[] => {
  const output = { ...packet, iif: '', oif: packet.route?.link ?? '', ttl: packet.ttl - 1 };
  return onward(runHook(node.hooks[packet.family].output, output, budget), (each) => leave(node, each, budget));
};
