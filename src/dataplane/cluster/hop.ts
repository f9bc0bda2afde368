// What a machine has made of a packet, as a hop of its way, as headers, and as the packet that leaves.
import type { Branch, Entry, Headers, NodeEnd, SentPacket } from '../node/packet.ts';
import type { Machine } from './model.ts';
import type { Hop, WayEnd } from './way.ts';

export const hopOf = ({ name, kind }: Machine, entry: Entry, before: Headers, branch: Branch): Hop => {
  const { steps, headers: after, end, connection, remembered } = branch;
  const memory = remembered ? { remembered } : {};
  return { machine: name, kind, entry, before, steps, after, end, connection, next: undefined, ...memory };
};

export const headersOf = (packet: SentPacket): Headers => ({
  family: packet.destination.includes(':') ? 'ip6' : 'ip',
  source: packet.source ?? '',
  sourcePort: packet.sourcePort,
  destination: packet.destination,
  destinationPort: packet.destinationPort,
  protocol: packet.protocol ?? 'tcp',
  mark: packet.mark ?? 0,
  ttl: packet.ttl ?? 64,
});

/** The packet on the wire: marks do not leave a machine, and what a sender said about the connection is its own. */
export const sentOf = (
  packet: SentPacket,
  { source, sourcePort, destination, destinationPort, ttl }: Headers,
): SentPacket => {
  const { mark: _, state: __, flows: ___, ...rest } = packet;
  return {
    ...rest,
    source,
    destination,
    ttl,
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(destinationPort === undefined ? {} : { destinationPort }),
  };
};

export const endOf = (
  end: Exclude<NodeEnd, { kind: 'leaves' }>,
  { name: machine, kind }: Machine,
  headers: Headers,
): WayEnd => {
  if (end.kind === 'delivered')
    return {
      kind: 'delivered',
      machine,
      to: kind === 'pod' ? 'pod' : 'host',
      address: headers.destination,
      port: headers.destinationPort,
      listening: end.listening,
    };
  if (end.kind === 'unknown') return { kind: 'unknown', machine, reasons: end.reasons };
  return { ...end, machine };
};
