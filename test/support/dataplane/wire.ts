// Packets as bytes: what the prober sends, and what came out.
import { formatIp, parseIp } from '../../../src/api/ip.ts';
import type { SentPacket } from '../../../src/dataplane/node/packet.ts';

const protocolNumbers: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };
const flagBits: Readonly<Record<string, number>> = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 };

const checksum = (bytes: Buffer): number => {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
};

const octets = (address: string): Buffer => {
  const ip = parseIp(address);
  if (!ip) throw new Error(`"${address}" is no address`);
  return Buffer.from(ip.value.toString(16).padStart(ip.bits / 4, '0'), 'hex');
};

/** The IP packet. `id` is in the payload (UDP, ICMP) or is the sequence number (TCP), so NAT does not change it. */
export const bytesOf = (packet: SentPacket & { readonly source: string }, id: number): Buffer => {
  const protocol = protocolNumbers[packet.protocol ?? 'tcp'] ?? 0;
  const upper = upperOf(packet, protocol, id);
  if (packet.source.includes(':')) return Buffer.concat([header6(packet, protocol, upper.length), upper]);
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header[1] = packet.tos ?? 0;
  header.writeUInt16BE(20 + upper.length, 2);
  header.writeUInt16BE(id & 0xffff, 4);
  header[8] = packet.ttl ?? 64;
  header[9] = protocol;
  octets(packet.source).copy(header, 12);
  octets(packet.destination).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, upper]);
};

const header6 = (packet: SentPacket & { readonly source: string }, protocol: number, length: number): Buffer => {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(length, 4);
  header[6] = protocol;
  header[7] = packet.ttl ?? 64;
  octets(packet.source).copy(header, 8);
  octets(packet.destination).copy(header, 24);
  return header;
};

/** The length of the packet that `bytesOf` makes. */
export const lengthOf = (protocol: string, family: 'ip' | 'ip6' = 'ip'): number =>
  (family === 'ip' ? 20 : 40) + (protocol === 'tcp' ? 20 : 16);

const upperOf = (packet: SentPacket & { readonly source: string }, protocol: number, id: number): Buffer => {
  const upper = Buffer.alloc(protocol === 6 ? 20 : 16);
  const v6 = packet.source.includes(':');
  const pseudo = Buffer.concat([
    octets(packet.source),
    octets(packet.destination),
    Buffer.from(v6 ? [0, 0, 0, upper.length, 0, 0, 0, protocol] : [0, protocol, 0, upper.length]),
  ]);
  if (protocol === 1 || protocol === 58) {
    upper[0] = packet.icmpType ?? (v6 ? 128 : 8);
    upper[1] = packet.icmpCode ?? 0;
    upper.writeUInt16BE(packet.sourcePort ?? 0, 4);
    upper.writeUInt32BE(id, 8);
    upper.writeUInt16BE(checksum(v6 ? Buffer.concat([pseudo, upper]) : upper), 2);
    return upper;
  }
  upper.writeUInt16BE(packet.sourcePort ?? 0, 0);
  upper.writeUInt16BE(packet.destinationPort ?? 0, 2);
  if (protocol === 6) {
    upper.writeUInt32BE(id, 4);
    // The answer to a packet with ACK takes its sequence number from here.
    if (packet.tcpFlags?.includes('ack')) upper.writeUInt32BE(id, 8);
    upper[12] = 0x50;
    upper[13] = (packet.tcpFlags ?? ['syn']).reduce((bits, flag) => bits | (flagBits[flag] ?? 0), 0);
    upper.writeUInt16BE(65_535, 14);
  } else {
    upper.writeUInt16BE(upper.length, 4);
    upper.writeUInt32BE(id, 8);
  }
  upper.writeUInt16BE(checksum(Buffer.concat([pseudo, upper])) || 0xffff, protocol === 6 ? 16 : 6);
  return upper;
};

/** A packet that came out, by its id. */
export interface Seen {
  readonly id: number;
  /** The link's other end, or `local`. */
  readonly place: string;
  /** `packet`: the packet itself. Else the answer to it, as rules name it. */
  readonly kind: 'packet' | 'tcp-reset' | 'icmp';
  readonly source: string;
  readonly sourcePort: number | undefined;
  readonly destination: string;
  readonly destinationPort: number | undefined;
  readonly ttl: number;
  /** Type and code of an ICMP error. */
  readonly icmp: string | undefined;
}

const address = (bytes: Buffer, at: number): string => [...bytes.subarray(at, at + 4)].join('.');
const address6 = (bytes: Buffer, at: number): string =>
  formatIp({ bits: 128, value: BigInt(`0x${bytes.subarray(at, at + 16).toString('hex')}`) });

/** Undefined for packets of no concern, such as IPv6 neighbour discovery. */
export const readSeen = (place: string, bytes: Buffer): Seen | undefined => {
  const v6 = bytes.length >= 48 && (bytes[0] ?? 0) >> 4 === 6;
  if (!v6 && (bytes.length < 28 || (bytes[0] ?? 0) !== 0x45)) return undefined;
  const protocol = bytes[v6 ? 6 : 9];
  const upper = bytes.subarray(v6 ? 40 : 20);
  const ports = protocol === 6 || protocol === 17;
  const seen = {
    place,
    source: v6 ? address6(bytes, 8) : address(bytes, 12),
    destination: v6 ? address6(bytes, 24) : address(bytes, 16),
    sourcePort: ports ? upper.readUInt16BE(0) : undefined,
    destinationPort: ports ? upper.readUInt16BE(2) : undefined,
    ttl: bytes[v6 ? 7 : 8] ?? 0,
    icmp: undefined,
  };
  if (protocol === 17 && upper.length >= 12) return { ...seen, kind: 'packet', id: upper.readUInt32BE(8) };
  if (protocol === 6) {
    const flags = upper[13] ?? 0;
    if ((flags & 4) === 0) return { ...seen, kind: 'packet', id: upper.readUInt32BE(4) };
    const id = (flags & 16) === 0 ? upper.readUInt32BE(4) : (upper.readUInt32BE(8) - 1) >>> 0;
    return { ...seen, kind: 'tcp-reset', id };
  }
  if (protocol !== (v6 ? 58 : 1)) return undefined;
  const type = upper[0] ?? 0;
  const isError = v6 ? type < 128 : type === 3 || type === 11;
  if (!isError)
    return type === (v6 ? 128 : 8) && upper.length >= 12
      ? { ...seen, kind: 'packet', id: upper.readUInt32BE(8) }
      : undefined;
  const inner = readSeen(place, Buffer.concat([upper.subarray(8), Buffer.alloc(12)]));
  return inner && { ...seen, kind: 'icmp', id: inner.id, icmp: `${type}/${upper[1]}` };
};
