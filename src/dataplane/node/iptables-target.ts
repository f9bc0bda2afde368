// The target of an iptables rule → a statement.

import type { Target } from '../model.ts';
import type { Result, Statement } from './chain.ts';
import { decideBy, next } from './engine.ts';
import type { RuleFacts } from './facts.ts';
import { masquerade, redirect, translate } from './nat.ts';
import { notTracked, type PacketState } from './state.ts';

export const compileTarget = (target: Target, facts: RuleFacts): Statement => {
  const { words } = target;
  const random = words.includes('--random') || words.includes('--random-fully');
  switch (target.kind) {
    case 'accept':
    case 'drop':
    case 'return':
      return (packet) => decideBy(packet, { kind: target.kind });
    case 'reject':
      return (packet) => decideBy(packet, rejection(packet, target.with));
    case 'jump':
      return (packet) => decideBy(packet, { kind: target.goto ? 'goto' : 'jump', chain: target.chain });
    case 'dnat':
    case 'snat': {
      const side = target.kind === 'dnat' ? 'destination' : 'source';
      const several = words.filter((word) => word === '--to-destination' || word === '--to-source').length > 1;
      const odd =
        several || words.includes('--persistent') || (target.kind === 'dnat' && random && target.address.ports);
      const port = words.some((word) => /^[^-].*:\d+-\d+\/\d+$/.test(word));
      if (odd || port) return unknownTarget(words);
      return (packet) => translate(packet, side, { ...target.address, random }, target.kind.toUpperCase());
    }
    case 'masquerade':
      return (packet) => masquerade(packet, { ...(target.ports ? { ports: target.ports } : {}), random }, facts);
    case 'redirect':
      return (packet, { hook }) =>
        redirect(packet, { ...(target.ports ? { ports: target.ports } : {}), random }, facts, hook);
    case 'mark':
      return (packet) => next({ ...packet, mark: masked(packet.mark, target) });
    case 'connmark':
      return (packet) => {
        if (typeof packet.tracked === 'string') return next(packet);
        return next({ ...packet, tracked: { ...packet.tracked, mark: masked(packet.tracked.mark, target) } });
      };
    case 'other':
      return otherTarget(target.name, words);
  }
};

interface MarkChange {
  readonly value: number;
  readonly mask: number;
}
const masked = (mark: number, { value, mask }: MarkChange): number => ((mark & ~mask) ^ value) >>> 0;

/** A rejection that the protocol cannot have drops: `tcp-reset` needs TCP, an answer to an ICMP error is never sent. */
const rejection = (packet: PacketState, type: string) => {
  if (type === 'tcp-reset' && (packet.protocol !== 'tcp' || packet.tcpFlags.includes('rst')))
    return { kind: 'drop' } as const;
  return { kind: 'reject', with: type } as const;
};

const unknownTarget =
  (words: readonly string[]): Statement =>
  (packet) =>
    decideBy(packet, { kind: 'unknown', reason: words.join(' ') });

/** These only write down that the packet came by, or change fields of it that decide nothing. */
const harmless: ReadonlySet<string> = new Set([
  ...['AUDIT', 'CHECKSUM', 'CLASSIFY', 'CONNSECMARK', 'ECN', 'IDLETIMER', 'LED', 'LOG', 'NFLOG', 'RATEEST'],
  ...['SECMARK', 'TCPMSS', 'TCPOPTSTRIP', 'TEE', 'TRACE', 'ULOG'],
]);

const otherTarget = (name: string, words: readonly string[]): Statement => {
  if (name === 'NOTRACK' || (name === 'CT' && words.includes('--notrack'))) return (packet) => next(notTracked(packet));
  if (harmless.has(name)) return (packet) => next(packet);
  if (name === 'SET') return (packet) => next({ ...packet, added: [...packet.added, `set ${setOf(words)}`] });
  if (name === 'CONNMARK') return connmark(words);
  return unknownTarget(words);
};

const setOf = (words: readonly string[]): string =>
  words[words.findIndex((word) => /^--(add|del|map)-set$/.test(word)) + 1] ?? '';

const connmark = (words: readonly string[]): Statement => {
  const option = (key: string): number | undefined => {
    const at = words.indexOf(key);
    return at < 0 ? undefined : Number(words[at + 1]);
  };
  const all = 0xffffffff;
  const nf = option('--nfmask') ?? option('--mask') ?? all;
  const ct = option('--ctmask') ?? option('--mask') ?? all;
  if (words.includes('--save-mark')) return (packet) => saveMark(packet, nf, ct);
  if (!words.includes('--restore-mark')) return unknownTarget(words);
  return (packet) => {
    if (typeof packet.tracked === 'string') return next(packet);
    return next({ ...packet, mark: ((packet.mark & ~nf) ^ (packet.tracked.mark & ct)) >>> 0 });
  };
};

const saveMark = (packet: PacketState, nf: number, ct: number): Result[] => {
  if (typeof packet.tracked === 'string') return next(packet);
  const mark = ((packet.tracked.mark & ~ct) ^ (packet.mark & nf)) >>> 0;
  return next({ ...packet, tracked: { ...packet.tracked, mark } });
};
