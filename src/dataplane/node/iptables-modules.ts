// Matches that the parser of rules keeps as words: iprange, owner, physdev, icmp, length, ttl, u32, …

import type { Option } from '../parse-match.ts';
import { between } from './address.ts';
import { type Answer, both, depends, nameMatches, unsure } from './answer.ts';
import type { RuleFacts } from './facts.ts';
import type { PacketState } from './state.ts';

type Judge = (packet: PacketState) => Answer;
type Judged = (option: Option, packet: PacketState, facts: RuleFacts) => Answer;

/** @param words of the whole match, for modules whose options have no dashes */
export const judgeModule = (
  module: string,
  options: readonly Option[],
  _words: readonly string[],
  facts: RuleFacts,
): Judge => {
  if (module === 'nfacct') return () => true;
  const judged = modules[module];
  if (!judged || options.length === 0) return () => unsure('');
  return (packet) => both(options.map((option) => judged(option, packet, facts)));
};

const inRange = (value: number | undefined, text: string): boolean => {
  const [first = '', last = first] = text.split(':');
  return (
    value !== undefined &&
    value >= Number(first || 0) &&
    value <= (last === '' ? Number.POSITIVE_INFINITY : Number(last))
  );
};

const iprange: Judged = ({ name, values, negated }, packet) => {
  const [first = '', last = first] = (values[0] ?? '').split('-');
  const address = name === 'src-range' ? packet.source : packet.destination;
  return between(address, first, last) !== negated;
};

const owner: Judged = ({ name, values, negated }, packet) => {
  // A packet that is not of a local socket matches no owner.
  if (!packet.ofProcess) return negated && name !== 'socket-exists' ? unsure('') : negated;
  if (name === 'socket-exists') return !negated;
  if (name !== 'uid-owner' || packet.user === undefined) return unsure('');
  const [first = '', last = first] = (values[0] ?? '').split('-');
  return (packet.user >= Number(first) && packet.user <= Number(last)) !== negated;
};

const physdev: Judged = ({ name, values, negated }, packet) => {
  const bridged = packet.physIn !== '' || packet.physOut !== '';
  const pattern = values[0] ?? '';
  switch (name) {
    case 'physdev-in':
      return (bridged && nameMatches(pattern, packet.physIn)) !== negated;
    case 'physdev-out':
      // The port of a frame that DNAT sends elsewhere need not be known.
      if (packet.physOut === '?') return unsure('');
      return (bridged && nameMatches(pattern, packet.physOut)) !== negated;
    case 'physdev-is-in':
      return (packet.physIn !== '') !== negated;
    case 'physdev-is-out':
      return (packet.physOut !== '') !== negated;
    case 'physdev-is-bridged':
      return (packet.physIn !== '' && packet.physOut !== '') !== negated;
    default:
      return unsure('');
  }
};

const icmpNames: Readonly<Record<string, readonly [type: number, code?: number]>> = {
  'echo-reply': [0],
  pong: [0],
  'destination-unreachable': [3],
  'source-quench': [4],
  redirect: [5],
  'echo-request': [8],
  ping: [8],
  'time-exceeded': [11],
  'ttl-exceeded': [11],
  'parameter-problem': [12],
  'timestamp-request': [13],
  'timestamp-reply': [14],
  'network-unreachable': [3, 0],
  'host-unreachable': [3, 1],
  'protocol-unreachable': [3, 2],
  'port-unreachable': [3, 3],
  'fragmentation-needed': [3, 4],
};
const icmp6Names: Readonly<Record<string, readonly [type: number, code?: number]>> = {
  'destination-unreachable': [1],
  'packet-too-big': [2],
  'time-exceeded': [3],
  'parameter-problem': [4],
  'echo-request': [128],
  ping: [128],
  'echo-reply': [129],
  pong: [129],
  'router-solicitation': [133],
  'router-advertisement': [134],
  'neighbour-solicitation': [135],
  'neighbor-solicitation': [135],
  'neighbour-advertisement': [136],
  'neighbor-advertisement': [136],
  redirect: [137],
};

const icmp =
  (protocol: string, names: typeof icmpNames): Judged =>
  ({ values, negated }, packet) => {
    if (packet.protocol !== protocol) return false;
    const text = values[0] ?? '';
    if (text === 'any' || text === '255') return !negated;
    const [type = '', code] = text.split('/');
    const named =
      names[text] ?? (/^\d+$/.test(type) ? [Number(type), code === undefined ? undefined : Number(code)] : undefined);
    if (!named) return unsure('');
    return (packet.icmpType === named[0] && (named[1] === undefined || packet.icmpCode === named[1])) !== negated;
  };

const ttl: Judged = ({ name, values, negated }, packet) => {
  const wanted = Number(values[0]);
  if (name.endsWith('-eq')) return (packet.ttl === wanted) !== negated;
  if (name.endsWith('-lt')) return packet.ttl < wanted;
  return name.endsWith('-gt') ? packet.ttl > wanted : unsure('');
};

/** The kernel searches the whole packet, with its headers: four bytes are not in them by chance. */
const safeLength = 4;

/** Only a packet that opens a TCP connection surely carries nothing. What others carry is not known. */
const string: Judged = ({ name, values, negated }, packet) => {
  if (name !== 'string' && name !== 'hex-string') return true;
  const wanted = patternBytes(values[0] ?? '', name === 'hex-string');
  if (!packet.tcpFlags.includes('syn') || wanted.length < safeLength) return unsure('');
  const known = headerBytes(packet) ?? [];
  const inHeader = known.some((_, at) => wanted.every((byte, index) => known[at + index] === byte));
  return inHeader ? unsure('') : negated;
};

/** `GET |0d 0a|`: between bars, bytes in hexadecimal. */
const patternBytes = (text: string, hex: boolean): readonly number[] =>
  text
    .split(hex ? '|' : /(?!)/)
    .flatMap((part, index) =>
      index % 2 === 0
        ? [...Buffer.from(part)]
        : [...part.replaceAll(' ', '').matchAll(/../g)].map(([byte]) => Number.parseInt(byte, 16)),
    );

const dependent: Judged = () => depends;

const modules: Readonly<Record<string, Judged>> = {
  // They compare how many packets, bytes or connections there were, or the clock.
  limit: dependent,
  hashlimit: dependent,
  quota: dependent,
  connlimit: dependent,
  connbytes: dependent,
  time: dependent,
  string,
  iprange,
  owner,
  physdev,
  icmp: icmp('icmp', icmpNames),
  icmp6: icmp('icmpv6', icmp6Names),
  ttl,
  hl: ttl,
  length: ({ values, negated }, { length }) =>
    length === undefined ? unsure('') : inRange(length, values[0] ?? '') !== negated,
  dscp: ({ name, values, negated }, { tos }) => {
    const wanted = name === 'dscp' ? Number(values[0]) : Number.NaN;
    return Number.isNaN(wanted) ? unsure('') : (tos >> 2 === wanted) !== negated;
  },
  tos: ({ values, negated }, { tos }) => {
    const [value = '', mask = '0xff'] = (values[0] ?? '').split('/');
    return Number.isNaN(Number(value)) ? unsure('') : ((tos & Number(mask)) === Number(value)) !== negated;
  },
  u32: ({ values, negated }, packet) => judgeU32(values.join(' '), packet, negated),
};

/** The first 24 bytes of an IPv4 packet without options. Bytes that the model does not know are undefined. */
const headerBytes = (packet: PacketState): (number | undefined)[] | undefined => {
  const numbers: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, sctp: 132 };
  const protocol = numbers[packet.protocol] ?? Number(packet.protocol);
  if (packet.family !== 'ip' || Number.isNaN(protocol)) return undefined;
  const octets = (address: string): number[] => address.split('.').map(Number);
  const short = (value: number | undefined): (number | undefined)[] =>
    value === undefined ? [undefined, undefined] : [value >> 8, value & 255];
  const ports =
    packet.protocol === 'icmp'
      ? [packet.icmpType, packet.icmpCode, undefined, undefined]
      : [...short(packet.sourcePort), ...short(packet.destinationPort)];
  const fixed = [0x45, packet.tos, ...short(packet.length), undefined, undefined, undefined, undefined];
  return [
    ...fixed,
    packet.ttl,
    protocol,
    undefined,
    undefined,
    ...octets(packet.source),
    ...octets(packet.destination),
    ...ports,
  ];
};

/** `0x6&0xff=0x11&&0x14&0xffff=0x50`: tests of four bytes at an offset. `@` moves the offset. */
const judgeU32 = (text: string, packet: PacketState, negated: boolean): Answer => {
  const bytes = headerBytes(packet);
  const tests = text
    .replaceAll('"', '')
    .split('&&')
    .map((test) => test.trim());
  let unknown = false;
  for (const test of tests) {
    const [, location = '', values = ''] = /^(.*?)=(.*)$/.exec(test) ?? [];
    const value = bytes && u32Value(location.trim(), bytes);
    if (value === undefined) unknown = true;
    else if (!values.split(',').some((range) => u32Range(range, value))) return negated;
  }
  return unknown ? unsure('') : !negated;
};

const u32Range = (range: string, value: number): boolean => {
  const [first = '', last = first] = range.trim().split(':');
  return value >= Number(first) && value <= Number(last);
};

const u32Value = (location: string, bytes: readonly (number | undefined)[]): number | undefined => {
  const tokens = location.match(/0x[\da-f]+|\d+|&|<<|>>|@/gi) ?? [];
  const read = (offset: number): Word | undefined => {
    const four = bytes.slice(offset, offset + 4);
    return four.length === 4 ? { bytes: four } : undefined;
  };
  let base = 0;
  let word = read(Number(tokens[0]));
  for (let at = 1; at < tokens.length; at += 2) {
    const operand = Number(tokens[at + 1]);
    if (!word) return undefined;
    if (tokens[at] === '&') word = { ...word, mask: ((word.mask ?? 0xffffffff) & operand) >>> 0 };
    else if (tokens[at] === '@') {
      const offset = wordValue(word);
      if (offset === undefined) return undefined;
      base += offset;
      word = read(base + operand);
    } else {
      const value = wordValue(word);
      if (value === undefined) return undefined;
      word = { value: (tokens[at] === '<<' ? value << operand : value >>> operand) >>> 0 };
    }
  }
  return word && wordValue(word);
};

interface Word {
  readonly bytes?: readonly (number | undefined)[];
  readonly mask?: number;
  readonly value?: number;
}

/** Undefined if a byte that the mask lets through is not known. */
const wordValue = ({ bytes, mask = 0xffffffff, value }: Word): number | undefined => {
  if (value !== undefined) return (value & mask) >>> 0;
  let sum = 0;
  for (const [index, byte] of (bytes ?? []).entries()) {
    const shift = 24 - 8 * index;
    if (byte === undefined && (mask >>> shift) & 255) return undefined;
    sum = ((sum | ((byte ?? 0) << shift)) >>> 0) as number;
  }
  return (sum & mask) >>> 0;
};
