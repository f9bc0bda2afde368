// The model of one network namespace: texts → model → where does a packet go? See README.md.
import { canonicalIp } from '../../api/ip.ts';
import type { Chain, Ruleset } from '../model.ts';
import { natives } from '../nft/tables.ts';
import { parseRuleset } from '../parse.ts';
import { familyOf } from './address.ts';
import { firstAddress, selectAddress, selectAddress6 } from './address-choice.ts';
import { FlowTable, parseFlows } from './conntrack.ts';
import { type BaseChain, Budget, merge, type RuleChain } from './engine.ts';
import type { RuleFacts } from './facts.ts';
import { doubt, type Gap, linkGaps, type Passed, queueGaps } from './gaps.ts';
import { type Hooks, hooksOf, runHook } from './hooks.ts';
import { IpSets } from './ipset.ts';
import { baseChainsOf } from './iptables.ts';
import { balance, parseIpvs, serviceFor, type VirtualService } from './ipvs.ts';
import { type FdbEntry, type Neighbour, type NodeLink, parseFdb, parseLinks, parseNeighbours } from './links.ts';
import type { Branch, Entry, Family, SentPacket } from './packet.ts';
import { lookup, parseRouting, type Routing } from './routes.ts';
import { type RoutingPlace, reroute, routeIn, routeOut, typeOf } from './routing.ts';
import { addStep, branchOf, dropBy, endPacket, type PacketState, unknown } from './state.ts';
import { Sysctls } from './sysctls.ts';
import type { Listener, NodeTexts } from './texts.ts';
import { askXfrm, parseXfrm, type XfrmPolicy } from './xfrm.ts';

/** A namespace, ready to be asked. Made once, asked for many packets. */
export interface NodeModel extends RoutingPlace {
  readonly links: readonly NodeLink[];
  readonly routing: Readonly<Record<Family, Routing>>;
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  readonly sysctls: Sysctls;
  readonly hooks: Readonly<Record<Family, Hooks>>;
  readonly listeners: readonly Listener[] | undefined;
  readonly virtualServices: readonly VirtualService[];
  readonly xfrm: readonly XfrmPolicy[];
  /** What the texts hold that the model cannot take into account, for each packet that may meet it. */
  readonly gaps: readonly Gap[];
}

/** @throws RulesetError or SyntaxError if a text is not what the tool prints */
export const readNode = (texts: NodeTexts): NodeModel => {
  const place = placeOf(texts);
  return nodeOf(texts, { place, facts: factsOf(place, texts), compiled: new WeakMap() }, parseRuleset);
};

/** What rules are compiled against. */
export interface Ground {
  readonly place: RoutingPlace;
  readonly facts: RuleFacts;
  readonly compiled: WeakMap<Chain, RuleChain>;
}

export const placeOf = (texts: NodeTexts): RoutingPlace => ({
  links: parseLinks(texts.addresses),
  routing: {
    ip: parseRouting('ip', texts.routes, texts.rules),
    ip6: parseRouting('ip6', texts.routes6 ?? texts.routes, texts.rules6),
  },
  sysctls: new Sysctls(texts.sysctls ?? ''),
});

type RulesText = 'iptables' | 'iptablesLegacy' | 'ip6tables' | 'ip6tablesLegacy';

/** @param parse reads one of the texts of iptables-save */
export const nodeOf = (
  texts: NodeTexts,
  { place, facts, compiled }: Ground,
  parse: (text: string, name: RulesText) => Ruleset,
): NodeModel => {
  const virtualServices = parseIpvs(texts.ipvs ?? '');
  const flows = new FlowTable(parseFlows(texts.conntrack ?? ''));
  const native = natives(texts.nft ?? '', texts, facts);
  const chainsIn = (name: RulesText, backend: 'iptables-nft' | 'iptables-legacy', family: Family): BaseChain[] => {
    const text = texts[name];
    return text ? baseChainsOf(parse(text, name), family, backend, facts, compiled) : [];
  };
  const hooks = (family: Family): Hooks => {
    const chains = [
      ...chainsIn(family === 'ip' ? 'iptables' : 'ip6tables', 'iptables-nft', family),
      ...chainsIn(family === 'ip' ? 'iptablesLegacy' : 'ip6tablesLegacy', 'iptables-legacy', family),
      ...native.chains.filter(({ table }) => table.family === family || table.family === 'inet'),
    ];
    return hooksOf(chains, {
      flows,
      reroute: (packet) => reroute(packet, place),
      virtual: (packet) => virtual(packet, virtualServices, place),
    });
  };
  return {
    ...place,
    neighbours: parseNeighbours(texts.neighbours ?? ''),
    fdb: parseFdb(texts.fdb ?? ''),
    hooks: { ip: hooks('ip'), ip6: hooks('ip6') },
    listeners: texts.listeners,
    virtualServices,
    xfrm: parseXfrm(texts.xfrm ?? ''),
    gaps: [...native.gaps, ...linkGaps(texts.addresses), ...queueGaps(texts.queues ?? '')],
  };
};

export const factsOf = (place: RoutingPlace, texts: NodeTexts): RuleFacts => {
  const lists = new Map(
    Object.entries(texts.recent ?? {}).map(([name, text]) => [
      name,
      new Set([...text.matchAll(/^src=(\S+)/gm)].map(([, address = '']) => canonicalIp(address))),
    ]),
  );
  const { links, routing } = place;
  const linkOf = (name: string): NodeLink | undefined => links.find((link) => link.name === name);
  return {
    addressType: (address, link) => typeOf(place, address, link),
    sets: texts.ipset === undefined ? undefined : new IpSets(texts.ipset),
    recent: (list) => (texts.recent === undefined ? undefined : (lists.get(list) ?? new Set())),
    routeTo: (packet, address, { mark, iif }) => {
      const found = lookup(routing[packet.family], {
        ...packet,
        oif: undefined,
        destination: address,
        source: address === packet.source ? packet.destination : packet.source,
        mark: mark ? packet.mark : 0,
        iif: iif ?? 'lo',
      });
      if (found.kind === 'unknown') return new Error(found.reason);
      if (found.kind === 'none') return undefined;
      return {
        link: found.route.hops[0]?.link ?? '',
        type: found.route.type,
        links: found.route.hops.map(({ link }) => link),
      };
    },
    linkIndex: (name) => linkOf(name)?.index,
    linkKind: (name) => linkOf(name)?.kind ?? '',
    firstAddress: (link, family) => firstAddress(links, link, family),
    masqueradeAddress: (packet) => {
      const { route } = packet;
      if (!route) return { unknown: 'the packet has no route' };
      if (packet.family === 'ip6') {
        const chosen = selectAddress6(links, route.link);
        return chosen instanceof Error ? { unknown: chosen.message } : { address: chosen };
      }
      const address = selectAddress(links, route.link, route.gateway ?? packet.destination, 0);
      return address === undefined ? { none: `MASQUERADE: ${route.link} has no address` } : { address };
    },
  };
};

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
  return merge(known)
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
    added: [],
    randomPort: false,
    probability: 1,
    steps: undefined,
    unsure: [],
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
    return [endPacket(packet, { kind: 'rejected', with: 'icmp-time-exceeded', by, step: undefined })];
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

/** At the hook `input`: a packet to a virtual service leaves for a server. */
const virtual = (packet: PacketState, services: readonly VirtualService[], place: RoutingPlace): PacketState[] => {
  const service = serviceFor(services, packet);
  if (!service) return [packet];
  const keeps = place.sysctls.number('net.ipv4.vs.conntrack') !== 0;
  return balance(service, packet, keeps).flatMap((each) => (each.end ? [each] : routeOut(each, place)));
};

const sendFromIpvs = (node: NodeModel, packet: PacketState, budget: Budget): PacketState[] => {
  const output = { ...packet, iif: '', oif: packet.route?.link ?? '', ttl: packet.ttl - 1 };
  return onward(runHook(node.hooks[packet.family].output, output, budget), (each) => leave(node, each, budget));
};
