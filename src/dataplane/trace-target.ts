// Applies a rule's target to a packet. `trace.ts` follows jumps.
import { joinEndpoint } from './address.ts';
import type { Target } from './model.ts';
import type { TraceOptions } from './packet.ts';
import type { PacketState } from './trace-state.ts';

export interface Applied {
  readonly packet: PacketState;
  /** Whether the packet skips the rest of the table. */
  readonly done: boolean;
  readonly effect: string;
}

type Acting = Exclude<Target, { kind: 'jump' }>;

export const applyTarget = (target: Acting | undefined, packet: PacketState, options: TraceOptions): Applied => {
  switch (target?.kind) {
    case undefined:
      return { packet, done: false, effect: 'count' };
    case 'accept':
      return { packet, done: true, effect: 'accept' };
    case 'drop':
      return { packet: { ...packet, end: { fate: 'dropped' } }, done: true, effect: 'drop' };
    case 'reject': {
      const end = { fate: 'rejected', rejectWith: target.with } as const;
      return { packet: { ...packet, end }, done: true, effect: `reject with ${target.with}` };
    }
    case 'dnat':
    case 'redirect':
      return translateDestination(target, packet, options);
    case 'snat':
    case 'masquerade':
      return translateSource(target, packet);
    case 'mark': {
      const mark = ((packet.mark & ~target.mask) ^ target.value) >>> 0;
      return { packet: { ...packet, mark }, done: false, effect: `mark 0x${mark.toString(16)}` };
    }
    case 'connmark':
      // The mark of a connection is read only by `-m connmark`, which is unsure.
      return { packet, done: false, effect: 'connmark' };
    case 'return':
      return { packet, done: true, effect: 'return' };
    case 'other':
      return applyOther(target, packet);
  }
};

/** These only write down that the packet came by, or change fields of it that no other rule compares. */
const harmless: ReadonlySet<string> = new Set([
  ...['AUDIT', 'CHECKSUM', 'CLASSIFY', 'CONNSECMARK', 'DSCP', 'ECN', 'IDLETIMER', 'LED', 'LOG', 'NFLOG', 'RATEEST'],
  ...['SECMARK', 'TCPMSS', 'TCPOPTSTRIP', 'TEE', 'TOS', 'TRACE', 'ULOG'],
]);

const applyOther = (target: Extract<Target, { kind: 'other' }>, packet: PacketState): Applied => {
  const { name, words } = target;
  if (name === 'NOTRACK' || (name === 'CT' && words.includes('--notrack')))
    return { packet: { ...packet, state: 'UNTRACKED' }, done: false, effect: name };
  if (harmless.has(name)) return { packet, done: false, effect: name };
  const unsure = [...packet.unsure, words.join(' ')];
  return { packet: { ...packet, unsure, end: { fate: 'unknown' } }, done: true, effect: name };
};

/** For a range of addresses, the first address is used. */
const translateDestination = (
  target: Extract<Target, { kind: 'dnat' | 'redirect' }>,
  packet: PacketState,
  options: TraceOptions,
): Applied => {
  const redirected = target.kind === 'redirect';
  const to = redirected ? redirectAddress(packet, options) : (target.address.address ?? packet.to);
  const ports = redirected ? target.ports : target.address.ports;
  const after: PacketState = {
    ...packet,
    to,
    toPort: ports?.first ?? packet.toPort,
    translated: { ...packet.translated, destination: true },
  };
  const name = redirected ? 'redirect to' : 'DNAT to';
  return { packet: after, done: true, effect: `${name} ${joinEndpoint(after.to, after.toPort)}` };
};

/** REDIRECT sends an arriving packet to an address of the node, and a packet of the node itself to loopback. */
const redirectAddress = (packet: PacketState, { localAddresses = [] }: TraceOptions): string => {
  const v6 = packet.to.includes(':');
  const own = localAddresses.find((address) => address.includes(':') === v6);
  return packet.inInterface === undefined || own === undefined ? (v6 ? '::1' : '127.0.0.1') : own;
};

const translateSource = (target: Extract<Target, { kind: 'snat' | 'masquerade' }>, packet: PacketState): Applied => {
  const translated = { ...packet.translated, source: true };
  if (target.kind === 'masquerade') {
    return { packet: { ...packet, masquerade: true, translated }, done: true, effect: 'masquerade' };
  }
  const from = target.address.address ?? packet.from;
  const fromPort = target.address.ports?.first ?? packet.fromPort;
  return { packet: { ...packet, from, fromPort, translated }, done: true, effect: `SNAT to ${target.to}` };
};
