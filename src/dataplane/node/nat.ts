// Translates the addresses of a packet, as the targets of the nat tables do.
import { joinEndpoint } from '../address.ts';
import { rangeOf } from './address.ts';
import type { Result } from './chain.ts';
import type { Tracked } from './conntrack.ts';
import { decideBy } from './engine.ts';
import type { RuleFacts } from './facts.ts';
import { endPacket, type PacketState, unknown } from './state.ts';

export interface NatTarget {
  readonly address?: string;
  readonly lastAddress?: string;
  readonly ports?: { readonly first: number; readonly last: number };
  /** Ports are chosen at random. */
  readonly random: boolean;
}

export type Side = 'source' | 'destination';

/** A packet without a connection, or whose side was decided, is not translated; the rule then only accepts. */
const tracked = (packet: PacketState): Tracked | undefined =>
  typeof packet.tracked === 'string' ? undefined : packet.tracked;

export const translate = (packet: PacketState, side: Side, target: NatTarget, name: string): Result[] => {
  const connection = tracked(packet);
  if (!connection)
    return decideBy(packet, { kind: 'accept', effect: `${name} does not apply: the packet is not tracked` });
  const addresses = addressesOf(packet, side, target);
  const ports = target.ports;
  const portNow = side === 'source' ? packet.sourcePort : packet.destinationPort;
  const size = ports ? ports.last - ports.first + 1 : 1;
  const random = side === 'source' ? target.random || size > 1 : false;
  // Which of several ports the kernel takes depends on those in use.
  if (side === 'destination' && size > 1 && portNow !== undefined)
    return [
      { kind: 'verdict', packet: unknown(packet, `${name} chooses among ${size} ports`), verdict: { kind: 'accept' } },
    ];
  const changesPort =
    ports !== undefined && portNow !== undefined && !(portNow >= ports.first && portNow <= ports.last);
  const port = changesPort && ports ? ports.first : portNow;
  return addresses.map((address) => {
    const moved: PacketState =
      side === 'source'
        ? { ...packet, source: address, sourcePort: port }
        : { ...packet, destination: address, destinationPort: port };
    // A port that is chosen at random is another one, but for one of sixty thousand.
    const isOther = address !== (side === 'source' ? packet.source : packet.destination) || port !== portNow;
    const changed = isOther || (side === 'source' && target.random);
    const after: PacketState = {
      ...moved,
      randomPort: packet.randomPort || random,
      probability: packet.probability / addresses.length,
      tracked: {
        ...connection,
        asked: { ...connection.asked, [side]: true },
        changed: { ...connection.changed, [side]: connection.changed[side] || changed },
      },
    };
    return {
      kind: 'verdict',
      packet: after,
      verdict: { kind: 'accept', effect: `${name} to ${joinEndpoint(address, port)}` },
    };
  });
};

/** The kernel spreads a range by a hash of the addresses, so each address has a share. */
const addressesOf = (packet: PacketState, side: Side, { address, lastAddress }: NatTarget): string[] => {
  if (address === undefined) return [packet[side]];
  if (lastAddress === undefined) return [address];
  const { size, at } = rangeOf(address, lastAddress);
  return size > 0 && size <= 256 ? Array.from({ length: size }, (_, index) => at(index)) : [address];
};

export const redirect = (packet: PacketState, target: NatTarget, facts: RuleFacts, hook: string): Result[] => {
  const v6 = packet.family === 'ip6';
  const loopback = v6 ? '::1' : '127.0.0.1';
  const own = hook === 'output' ? loopback : facts.firstAddress(packet.iif, packet.family);
  if (own === undefined) {
    const end = { kind: 'dropped', by: `REDIRECT: ${packet.iif} has no address`, step: undefined } as const;
    return [{ kind: 'verdict', packet: endPacket(packet, end), verdict: { kind: 'accept' } }];
  }
  return translate(packet, 'destination', { ...target, address: own }, 'redirect');
};

export const masquerade = (packet: PacketState, target: NatTarget, facts: RuleFacts): Result[] => {
  if (!tracked(packet)) return translate(packet, 'source', target, 'masquerade');
  const chosen = facts.masqueradeAddress(packet);
  if ('address' in chosen) return translate(packet, 'source', { ...target, address: chosen.address }, 'masquerade');
  if ('unknown' in chosen) return decideBy(packet, { kind: 'unknown', reason: chosen.unknown });
  const end = { kind: 'dropped', by: chosen.none, step: undefined } as const;
  return [{ kind: 'verdict', packet: endPacket(packet, end), verdict: { kind: 'accept', effect: chosen.none } }];
};
