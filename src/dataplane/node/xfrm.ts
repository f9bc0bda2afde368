// `ip -o xfrm policy` → the policies of IPsec that may change or stop a packet. What they do is not followed.
import { contains, type Network, readNetwork } from './address.ts';
import type { Entry } from './packet.ts';
import { type PacketState, unknown } from './state.ts';

export interface XfrmPolicy {
  readonly direction: 'in' | 'out' | 'fwd';
  readonly source: Network | undefined;
  readonly destination: Network | undefined;
  readonly protocol: string | undefined;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  readonly text: string;
}

/** Policies of single sockets (IKE daemons have them) and those that let packets pass unchanged are left out. */
export const parseXfrm = (text: string): XfrmPolicy[] =>
  text.split('\n').flatMap((line): XfrmPolicy[] => {
    const said = line.replaceAll('\\', ' ').replace(/\s+/g, ' ').trim();
    const byDefault = /^(in|out|fwd): block$/.exec(said)?.[1];
    const direction = (byDefault ?? / dir (in|out|fwd)\b/.exec(said)?.[1]) as XfrmPolicy['direction'] | undefined;
    const passes = byDefault === undefined && !/ action block\b| tmpl /.test(said);
    if (direction === undefined || passes) return [];
    const word = (name: string): string | undefined => new RegExp(`(?:^| )${name} (\\S+)`).exec(said)?.[1];
    const port = (name: string): number | undefined => {
      const found = new RegExp(` ${name} (\\d+)(?! mask)(?= |$)`).exec(said)?.[1];
      return found === undefined ? undefined : Number(found);
    };
    return [
      {
        direction,
        source: readNetwork(word('src') ?? ''),
        destination: readNetwork(word('dst') ?? ''),
        protocol: byDefault === undefined ? word('proto')?.replace('ipv6-icmp', 'icmpv6') : undefined,
        sourcePort: port('sport'),
        destinationPort: port('dport'),
        text: byDefault === undefined ? said : `default: ${said}`,
      },
    ];
  });

/** Protocols that packets and policies name alike. */
const named: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'icmp', 'icmpv6']);

/**
 * The end of a packet's way, if no policy may apply to it. NAT changes the packet before or after policies are asked,
 * so one applies if it fits any of what the packet was and became.
 */
export const askXfrm = (
  policies: readonly XfrmPolicy[],
  start: PacketState,
  entry: Entry,
  packet: PacketState,
): PacketState => {
  const met = directionsOf(entry, packet);
  if (met.length === 0) return packet;
  const maybe = policies.find((policy) => met.includes(policy.direction) && mayMatch(policy, start, packet));
  return maybe ? unknown(packet, `IPsec is not followed, and this policy may apply: ${maybe.text}`) : packet;
};

/** Packets that stay in the machine go by `lo`, which asks no policies; nor does a bridge for frames it carries. */
const directionsOf = (entry: Entry, { end }: PacketState): readonly XfrmPolicy['direction'][] => {
  if (end?.kind === 'delivered') return entry.kind === 'process' ? [] : ['in'];
  if (end?.kind !== 'leaves') return [];
  if (entry.kind === 'bridged' && end.link === entry.toPort) return [];
  return entry.kind === 'process' ? ['out'] : ['fwd', 'out'];
};

const mayMatch = (policy: XfrmPolicy, start: PacketState, packet: PacketState): boolean => {
  const { source, destination, protocol, sourcePort, destinationPort } = policy;
  // The kernel fills in the source of a process's packet before it asks.
  const was = start.source === '' ? { ...start, source: packet.source } : start;
  const either = (fits: (state: PacketState) => boolean): boolean => fits(was) || fits(packet);
  const portFits = (wanted: number | undefined, port: number | undefined): boolean =>
    wanted === undefined || port === undefined || port === wanted;
  return (
    (source === undefined || either((state) => contains(source, state.source))) &&
    (destination === undefined || either((state) => contains(destination, state.destination))) &&
    (protocol === undefined || protocol === packet.protocol || !named.has(protocol) || !named.has(packet.protocol)) &&
    (packet.randomPort || either((state) => portFits(sourcePort, state.sourcePort))) &&
    either((state) => portFits(destinationPort, state.destinationPort))
  );
};
