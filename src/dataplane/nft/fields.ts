// What nft can ask of a packet: its headers, links, marks and connection, and the routes of its addresses.
import { statesOf } from '../node/answer.ts';
import type { RuleFacts } from '../node/facts.ts';
import type { PacketState } from '../node/state.ts';
import { type Context, doubt, type Evaluated, flags, one, optional } from './value.ts';

const icmpNames: Readonly<Record<number, string>> = {
  0: 'echo-reply',
  3: 'destination-unreachable',
  4: 'source-quench',
  5: 'redirect',
  8: 'echo-request',
  9: 'router-advertisement',
  10: 'router-solicitation',
  11: 'time-exceeded',
  12: 'parameter-problem',
  13: 'timestamp-request',
  14: 'timestamp-reply',
};
const icmp6Names: Readonly<Record<number, string>> = {
  1: 'destination-unreachable',
  2: 'packet-too-big',
  3: 'time-exceeded',
  4: 'parameter-problem',
  128: 'echo-request',
  129: 'echo-reply',
  133: 'nd-router-solicit',
  134: 'nd-router-advert',
  135: 'nd-neighbor-solicit',
  136: 'nd-neighbor-advert',
  137: 'nd-redirect',
};

const ported: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'udplite', 'dccp']);

export const payload = (protocol: string, field: string, packet: PacketState): Evaluated => {
  switch (protocol) {
    case 'ip':
    case 'ip6':
      return packet.family === protocol ? network(field, packet) : 'none';
    case 'th':
      if (!ported.has(packet.protocol)) return field === 'sport' || field === 'dport' ? doubt(`th ${field}`) : 'none';
      return transport(field, packet);
    case 'tcp':
    case 'udp':
    case 'sctp':
      return packet.protocol === protocol ? transport(field, packet) : 'none';
    case 'icmp':
    case 'icmpv6': {
      if (packet.protocol !== protocol) return 'none';
      const names = protocol === 'icmp' ? icmpNames : icmp6Names;
      if (field === 'type')
        return optional(packet.icmpType === undefined ? undefined : (names[packet.icmpType] ?? packet.icmpType));
      return field === 'code' ? optional(packet.icmpCode) : doubt(`${protocol} ${field}`);
    }
    default:
      return doubt(`${protocol} ${field}`);
  }
};

const network = (field: string, packet: PacketState): Evaluated => {
  switch (field) {
    case 'saddr':
      return one(packet.source);
    case 'daddr':
      return one(packet.destination);
    case 'protocol':
    case 'nexthdr':
      return one(packet.protocol);
    case 'ttl':
    case 'hoplimit':
      return one(packet.ttl);
    case 'version':
      return one(packet.family === 'ip' ? 4 : 6);
    case 'length':
      // In IPv6, without the header.
      if (packet.length === undefined) return doubt('ip length');
      return one(packet.family === 'ip' ? packet.length : packet.length - 40);
    default:
      return doubt(`${packet.family} ${field}`);
  }
};

const transport = (field: string, packet: PacketState): Evaluated => {
  // NAT may have taken any free port.
  if (field === 'sport') return packet.randomPort ? doubt('sport') : optional(packet.sourcePort);
  if (field === 'dport') return optional(packet.destinationPort);
  return field === 'flags' && packet.protocol === 'tcp' ? flags(packet.tcpFlags) : doubt(`${packet.protocol} ${field}`);
};

export const meta = (key: string, packet: PacketState, { facts }: Context): Evaluated => {
  switch (key) {
    case 'iifname':
    case 'iif':
      return one(packet.iif);
    case 'oifname':
    case 'oif':
      return one(packet.oif);
    case 'mark':
      return one(packet.mark);
    case 'l4proto':
      return one(packet.protocol);
    case 'nfproto':
      return one(packet.family === 'ip' ? 'ipv4' : 'ipv6');
    case 'protocol':
      return one(packet.family);
    case 'length':
      return packet.length === undefined ? doubt('meta length') : one(packet.length);
    case 'skuid':
      if (!packet.ofProcess) return 'none';
      return packet.user === undefined ? doubt('meta skuid') : one(packet.user);
    case 'iifkind':
      return packet.iif === '' ? 'none' : one(facts.linkKind(packet.iif));
    case 'oifkind':
      return packet.oif === '' ? 'none' : one(facts.linkKind(packet.oif));
    default:
      return doubt(`meta ${key}`);
  }
};

export const connection = (key: string, direction: string, packet: PacketState): Evaluated => {
  const { tracked } = packet;
  if (key === 'state')
    return flags(
      statesOf(packet)
        .map((state) => state.toLowerCase())
        .filter((state) => state !== 'snat' && state !== 'dnat'),
    );
  if (typeof tracked === 'string') return 'none';
  if (key === 'mark') return one(tracked.mark);
  if (key === 'direction') return one(tracked.direction);
  if (key === 'status') {
    const { changed, asked, flow } = tracked;
    if (flow) return doubt('ct status of a known connection');
    return flags([
      ...(changed.source ? ['snat'] : []),
      ...(changed.destination ? ['dnat'] : []),
      ...(asked.source ? ['src-nat-done'] : []),
      ...(asked.destination ? ['dst-nat-done'] : []),
    ]);
  }
  if (direction !== 'original') return doubt(`ct ${direction} ${key}`);
  const { original } = tracked;
  switch (key.replace(/^ip6? /, '')) {
    case 'saddr':
      return one(original.source);
    case 'daddr':
      return one(original.destination);
    case 'proto-src':
      return optional(original.sourcePort);
    case 'proto-dst':
      return optional(original.destinationPort);
    case 'protocol':
      return one(original.protocol);
    default:
      return doubt(`ct ${direction} ${key}`);
  }
};

export const fib = (result: string, uses: readonly string[], packet: PacketState, facts: RuleFacts): Evaluated => {
  const address = uses.includes('saddr') ? packet.source : packet.destination;
  const link = uses.includes('iif') ? packet.iif : uses.includes('oif') ? packet.oif : undefined;
  if (result === 'type' && packet.family === 'ip6') {
    const other = address === packet.source ? packet.destination : packet.source;
    const mark = uses.includes('mark') ? packet.mark : 0;
    const type = facts.fibType6({ address, other, mark, link, protocol: packet.protocol });
    return type instanceof Error ? doubt(type.message) : one(type);
  }
  if (result === 'type') return one(facts.addressType(address, link));
  if (packet.iif === 'lo') return one('lo');
  // At the hook `forward`, the kernel looks the way back up as if the packet came from where it goes.
  const turned = uses.includes('saddr') && uses.includes('iif') && packet.oif !== '';
  const route = facts.routeTo(packet, address, { mark: uses.includes('mark'), iif: turned ? packet.oif : undefined });
  if (route instanceof Error) return doubt(route.message);
  const uses_ = route && route.type === 'unicast' && (link === undefined || route.links.includes(link));
  return one(uses_ ? (link ?? route.link) : '');
};
