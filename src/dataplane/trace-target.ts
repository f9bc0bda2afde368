// Applies a rule's target to a packet. `trace.ts` follows jumps.
import { joinEndpoint } from './address.ts';
import type { Target } from './model.ts';
import type { TraceOptions } from './packet.ts';
import type { PacketState } from './trace-state.ts';

export interface Applied {
  readonly way: PacketState;
  /** Whether the packet skips the rest of the table. */
  readonly done: boolean;
  readonly effect: string;
}

type Acting = Exclude<Target, { kind: 'jump' }>;

export const applyTarget = (target: Acting | undefined, way: PacketState, options: TraceOptions): Applied => {
  switch (target?.kind) {
    case undefined:
      return { way, done: false, effect: 'count' };
    case 'accept':
      return { way, done: true, effect: 'accept' };
    case 'drop':
      return { way: { ...way, end: { fate: 'dropped' } }, done: true, effect: 'drop' };
    case 'reject': {
      const end = { fate: 'rejected', rejectWith: target.with } as const;
      return { way: { ...way, end }, done: true, effect: `reject with ${target.with}` };
    }
    case 'dnat':
    case 'redirect':
      return translateDestination(target, way, options);
    case 'snat':
    case 'masquerade':
      return translateSource(target, way);
    case 'mark': {
      const mark = ((way.mark & ~target.mask) ^ target.value) >>> 0;
      return { way: { ...way, mark }, done: false, effect: `mark 0x${mark.toString(16)}` };
    }
    case 'other': {
      const untracked = target.name === 'NOTRACK' || (target.name === 'CT' && target.words.includes('--notrack'));
      const after: PacketState = untracked ? { ...way, state: 'UNTRACKED' } : way;
      return { way: after, done: false, effect: target.name };
    }
    default:
      return { way, done: target?.kind === 'return', effect: target?.kind ?? '' };
  }
};

/** For a range of addresses, the first address is used. */
const translateDestination = (
  target: Extract<Target, { kind: 'dnat' | 'redirect' }>,
  way: PacketState,
  options: TraceOptions,
): Applied => {
  const redirected = target.kind === 'redirect';
  const to = redirected ? redirectAddress(way, options) : (target.address.address ?? way.to);
  const ports = redirected ? target.ports : target.address.ports;
  const after: PacketState = {
    ...way,
    to,
    toPort: ports?.first ?? way.toPort,
    translated: { ...way.translated, destination: true },
  };
  const name = redirected ? 'redirect to' : 'DNAT to';
  return { way: after, done: true, effect: `${name} ${joinEndpoint(after.to, after.toPort)}` };
};

/** REDIRECT sends an arriving packet to an address of the node, and a packet of the node itself to loopback. */
const redirectAddress = (way: PacketState, { localAddresses = [] }: TraceOptions): string => {
  const v6 = way.to.includes(':');
  const own = localAddresses.find((address) => address.includes(':') === v6);
  return way.inInterface === undefined || own === undefined ? (v6 ? '::1' : '127.0.0.1') : own;
};

const translateSource = (target: Extract<Target, { kind: 'snat' | 'masquerade' }>, way: PacketState): Applied => {
  const translated = { ...way.translated, source: true };
  if (target.kind === 'masquerade') {
    return { way: { ...way, masquerade: true, translated }, done: true, effect: 'masquerade' };
  }
  const from = target.address.address ?? way.from;
  const fromPort = target.address.ports?.first ?? way.fromPort;
  return { way: { ...way, from, fromPort, translated }, done: true, effect: `SNAT to ${target.to}` };
};
