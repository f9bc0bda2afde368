// Routing decisions of a namespace: for an arriving packet with the kernel's checks, and for a packet of its own.
import { isLinkLocal, isLoopback4, isMulticast, isZeroNet } from './address.ts';
import { selectAddress, selectAddress6 } from './address-choice.ts';
import type { NodeLink } from './links.ts';
import { addressType, type Lookup, lookup, type RouteKey } from './lookup.ts';
import { type Route, type Routing, tableName } from './routes.ts';
import { addStep, dropBy, endPacket, type PacketState, unknown } from './state.ts';
import type { Sysctls } from './sysctls.ts';

export interface RoutingPlace {
  readonly links: readonly NodeLink[];
  readonly routing: Readonly<Record<'ip' | 'ip6', Routing>>;
  readonly sysctls: Sysctls;
}

const keyOf = (packet: PacketState, iif: string): RouteKey => {
  const { source, destination, mark, protocol, sourcePort, destinationPort, tos } = packet;
  return { source, destination, mark, iif, protocol, sourcePort, destinationPort, tos };
};

/** The first address of a network of IPv6 (anycast) is each router's own. */
const isOwn = ({ type }: Route): boolean => type === 'local' || type === 'anycast';

/** One packet for each next hop that the route may take. */
const follow = (
  packet: PacketState,
  { route, rule }: Extract<Lookup, { kind: 'route' }>,
  place: RoutingPlace,
): PacketState[] => {
  const live = route.hops.filter(({ dead }) => !dead);
  const total = live.reduce((sum, { weight }) => sum + weight, 0);
  return live.map(({ link, gateway, weight }) => {
    const local = isOwn(route);
    const decision = {
      type: local ? 'local' : route.type === 'broadcast' ? 'broadcast' : 'unicast',
      link: local ? 'lo' : link,
      gateway,
      source: route.prefsrc ?? (packet.family === 'ip' ? chooseSource(route, link, gateway, place) : undefined),
    } as const;
    const effect = local ? 'to this machine' : `out by ${link}${gateway === undefined ? '' : ` to ${gateway}`}`;
    const step = { kind: 'route', text: route.text, table: tableName(route.table), rule: rule.text, effect } as const;
    return addStep({ ...packet, route: decision, probability: (packet.probability * weight) / total }, step);
  });
};

const chooseSource = (
  route: Route,
  link: string,
  gateway: string | undefined,
  { links }: RoutingPlace,
): string | undefined => selectAddress(links, link, gateway, route.scope);

/** For a packet that arrived by `link`. Ends packets that the kernel does not let in. */
export const routeIn = (packet: PacketState, link: string, place: RoutingPlace): PacketState[] => {
  const martian = packet.family === 'ip' ? martianOf(packet, link, place) : undefined;
  if (martian) return [martian];
  if (isMulticast(packet.destination)) return [toMany(packet, 'multicast')];
  const only = isScoped(packet.destination) ? { only: link } : {};
  const found = lookup(place.routing[packet.family], { ...keyOf(packet, link), ...only });
  if (found.kind === 'unknown') return [unknown(packet, found.reason)];
  const forwards = isForwarding(packet, link, place);
  if (found.kind === 'none') return [refuse(packet, found, forwards)];
  const { type } = found.route;
  if (type === 'broadcast' || type === 'multicast') return [toMany(packet, type)];
  if (!isOwn(found.route) && !forwards.on)
    return [
      dropBy(packet, { kind: 'sysctl', name: forwards.name, value: '0', effect: 'drop' }, `${forwards.name} is 0`),
    ];
  return follow(packet, found, place).map((each) => {
    const out = each.route?.type === 'local' ? 'lo' : (each.route?.link ?? '');
    return (packet.family === 'ip' && sourceProblem(packet, link, out, place)) || each;
  });
};

const isScoped = (address: string): boolean => address === '::1' || isLinkLocal(address);

const isForwarding = (
  packet: PacketState,
  link: string,
  { sysctls }: RoutingPlace,
): { readonly on: boolean; readonly name: string } => {
  if (packet.family === 'ip6')
    return { on: sysctls.ofAll('ipv6', 'forwarding') !== 0, name: 'net.ipv6.conf.all.forwarding' };
  const on = sysctls.ofLink('ipv4', link, 'forwarding') !== 0;
  const all = sysctls.number('net.ipv4.ip_forward') === 0;
  return { on, name: all ? 'net.ipv4.ip_forward' : `net.ipv4.conf.${link}.forwarding` };
};

const refuse = (
  packet: PacketState,
  { why, text }: Extract<Lookup, { kind: 'none' }>,
  forwards: ReturnType<typeof isForwarding>,
): PacketState => {
  const blackhole = { kind: 'kernel', effect: `drop: ${text}` } as const;
  if (why === 'blackhole') return dropBy(packet, blackhole, text);
  // Without forwarding, the kernel does not even send an error. In IPv6 it does.
  if (!forwards.on && packet.family === 'ip')
    return dropBy(packet, { kind: 'sysctl', name: forwards.name, value: '0', effect: 'drop' }, `${forwards.name} is 0`);
  return endPacket(addStep(packet, { kind: 'kernel', effect: `unroutable: ${text}` }), {
    kind: 'unroutable',
    by: text,
  });
};

/** Packets of IPv6 that are dropped before any rule sees them. */
export const martian6 = (packet: PacketState): PacketState | undefined => {
  const { family, source, destination } = packet;
  if (family === 'ip') return undefined;
  const ours = [source, destination].find((address) => address === '::1');
  const by = ours ? '::1 from another machine' : isMulticast(source) ? `the source ${source} (martian)` : undefined;
  return by === undefined ? undefined : dropBy(packet, { kind: 'kernel', effect: `drop: ${by}` }, by);
};

const allows = (sysctls: Sysctls, link: string, name: string): boolean =>
  sysctls.ofAll('ipv4', name) !== 0 || sysctls.ofLink('ipv4', link, name) !== 0;

/** Addresses that never come from another machine. */
const martianOf = (packet: PacketState, link: string, { sysctls }: RoutingPlace): PacketState | undefined => {
  const { source, destination } = packet;
  const drop = (what: string) => {
    const by = `${what} is never let in (martian)`;
    return dropBy(packet, { kind: 'kernel', effect: `drop: ${by}` }, by);
  };
  if (isMulticast(source) || source === '255.255.255.255') return drop(`the source ${source}`);
  if (destination === everybody) return toMany(packet, 'broadcast');
  if (isZeroNet(source)) return drop(`the source ${source}`);
  if (isZeroNet(destination)) return drop(`the destination ${destination}`);
  if (!isLoopback4(destination) && !isLoopback4(source)) return undefined;
  if (allows(sysctls, link, 'route_localnet')) return undefined;
  const by = `net.ipv4.conf.${link}.route_localnet is 0`;
  return dropBy(
    packet,
    { kind: 'sysctl', name: `net.ipv4.conf.${link}.route_localnet`, value: '0', effect: 'drop' },
    by,
  );
};

/**
 * The check of the source address: rp_filter, and addresses of the machine itself (fib_validate_source).
 * @param out the link by which the packet would leave: the kernel looks the way back up as if an answer came from there
 */
const sourceProblem = (
  packet: PacketState,
  link: string,
  out: string,
  place: RoutingPlace,
): PacketState | undefined => {
  const { links, sysctls, routing } = place;
  const filter = Math.max(sysctls.ofAll('ipv4', 'rp_filter'), sysctls.ofLink('ipv4', link, 'rp_filter'));
  const acceptsOwn = allows(sysctls, link, 'accept_local');
  const own = links.some(({ addresses }) => addresses.some(({ address }) => address === packet.source));
  const spoofed = () => {
    const by = `the source ${packet.source} is an address of this machine`;
    return dropBy(packet, { kind: 'kernel', effect: `drop: ${by}` }, by);
  };
  const standard = routing.ip.merged !== undefined;
  if (filter === 0 && (acceptsOwn || standard)) return !acceptsOwn && own ? spoofed() : undefined;
  const name = `net.ipv4.conf.${link}.rp_filter`;
  const filtered = (why: string) =>
    filter === 0
      ? undefined
      : dropBy(packet, { kind: 'sysctl', name, value: String(filter), effect: 'drop' }, `${name} is ${filter}: ${why}`);
  const mark = allows(sysctls, link, 'src_valid_mark') ? packet.mark : 0;
  const back = {
    ...keyOf(packet, out),
    source: packet.destination,
    destination: packet.source,
    mark,
    sourcePort: packet.destinationPort,
    destinationPort: packet.sourcePort,
  };
  const found = lookup(routing.ip, back);
  if (found.kind === 'unknown') return unknown(packet, found.reason);
  if (found.kind === 'none') return filtered(`no route leads back to ${packet.source}`);
  const { route } = found;
  if (route.type !== 'unicast' && !(route.type === 'local' && acceptsOwn)) return spoofed();
  if (route.hops.some((hop) => hop.link === link) || (route.type === 'local' && link === 'lo')) return undefined;
  const noAddress = links.find((each) => each.name === link)?.addresses.every(({ address }) => address.includes(':'));
  if (noAddress || filter === 1) return filtered(`the way back to ${packet.source} is ${route.hops[0]?.link}`);
  return undefined;
};

const everybody = '255.255.255.255';
const notFollowed = (what: string): string => `labs does not follow packets to a ${what} address`;

/** The kernel hands such a packet to its own sockets; those of TCP never take it, and nobody answers. */
const toMany = (packet: PacketState, what: 'broadcast' | 'multicast'): PacketState => {
  if (packet.protocol !== 'tcp') return unknown(packet, notFollowed(what));
  const by = `TCP does not take packets to the ${what} address ${packet.destination}`;
  return dropBy(packet, { kind: 'kernel', effect: `drop: ${by}` }, by);
};

/** A process cannot open a TCP connection to many: the system call fails before a rule is asked. */
const fromOneToMany = (packet: PacketState, what: 'broadcast' | 'multicast'): PacketState => {
  if (packet.protocol !== 'tcp') return unknown(packet, notFollowed(what));
  const by = `TCP does not connect to the ${what} address ${packet.destination}`;
  return endPacket(addStep(packet, { kind: 'kernel', effect: `unroutable: ${by}` }), { kind: 'unroutable', by });
};

/** For a packet of a local process. A packet without a source gets one. */
export const routeOut = (packet: PacketState, place: RoutingPlace): PacketState[] => {
  const found = lookup(place.routing[packet.family], keyOf(packet, 'lo'));
  if (found.kind === 'unknown') return [unknown(packet, found.reason)];
  if (found.kind === 'none') {
    const unroutable = addStep(packet, { kind: 'kernel', effect: `unroutable: ${found.text}` });
    return [endPacket(unroutable, { kind: 'unroutable', by: found.text })];
  }
  if (isMulticast(packet.destination)) return [fromOneToMany(packet, 'multicast')];
  if (found.route.type === 'broadcast' || packet.destination === everybody) return [fromOneToMany(packet, 'broadcast')];
  return follow(packet, found, place).map((each) => leaveFrom(each, place));
};

/** Gives the packet a source, and refuses to send 127.0.0.0/8 to another machine. */
const leaveFrom = (packet: PacketState, place: RoutingPlace): PacketState => {
  const { route, family } = packet;
  if (!route || packet.end) return packet;
  let { source } = packet;
  if (source === '') {
    const chosen = route.type === 'local' ? (route.source ?? packet.destination) : sourceFor(route, packet, place);
    if (chosen instanceof Error) return unknown(packet, chosen.message);
    source = chosen;
  }
  if (
    family === 'ip' &&
    isLoopback4(source) &&
    route.type !== 'local' &&
    !allows(place.sysctls, route.link, 'route_localnet')
  ) {
    const name = `net.ipv4.conf.${route.link}.route_localnet`;
    const step = { kind: 'sysctl', name, value: '0', effect: 'drop' } as const;
    return dropBy({ ...packet, source }, step, `${name} is 0: 127.0.0.0/8 does not leave this machine`);
  }
  return { ...packet, source };
};

const sourceFor = (
  route: NonNullable<PacketState['route']>,
  { family, destination }: PacketState,
  { links }: RoutingPlace,
): string | Error => {
  if (route.source !== undefined) return route.source;
  return family === 'ip' ? new Error(`${route.link} has no address`) : selectAddress6(links, route.link, destination);
};

/** After a rule at the hook `output` changed the destination or the mark (ip_route_me_harder). */
export const reroute = (packet: PacketState, place: RoutingPlace): PacketState[] => {
  if (packet.family === 'ip' && isLoopback4(packet.destination) === false && isZeroNet(packet.destination))
    return [unknown(packet, `the destination ${packet.destination}`)];
  return routeOut(packet, place).map((each) =>
    each.end?.kind === 'unroutable'
      ? endPacket(each, {
          kind: 'dropped',
          by: `no route after a rule changed the packet: ${each.end.by}`,
          step: each.steps?.step,
        })
      : each,
  );
};

export const typeOf = ({ routing }: RoutingPlace, address: string, link?: string): string =>
  addressType(routing[address.includes(':') ? 'ip6' : 'ip'], address, link);
