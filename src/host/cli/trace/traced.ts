// What `labs trace` has found out: the ways of a packet, and whether the packet and its answer arrive.
import type { Answer } from '../../../dataplane/cluster/back.ts';
import type { Hop, Way } from '../../../dataplane/cluster/way.ts';
import type { Proof } from '../../trace/proof.ts';
import type { Goal, Start } from './operands.ts';

export interface Trace {
  readonly start: Start;
  readonly goal: Goal;
  readonly protocol: 'tcp' | 'udp';
  /** Most probable first. */
  readonly ways: readonly TracedWay[];
}

/** A way, and what becomes of the answer, if the packet comes to somebody who answers it. */
export interface TracedWay extends Way {
  readonly answer?: Answer;
}

/** Whether the packet comes to a program, and the answer comes back as far as anybody knows. */
export const isReached = ({ end, answer }: TracedWay): boolean =>
  end.kind === 'delivered' && end.listening !== false && answer?.kind !== 'lost' && answer?.kind !== 'strange';

/**
 * Whether the reset of a refused connection comes from an address that its sender does not know: the kernel forgets the
 * DNAT of a packet that it forwards when a rule refuses the packet.
 */
export const isResetLost = (hop: Hop | undefined): boolean =>
  hop?.end.kind === 'rejected' &&
  hop.end.with.startsWith('tcp') &&
  hop.entry.kind !== 'process' &&
  (hop.before.destination !== hop.after.destination || hop.before.destinationPort !== hop.after.destinationPort);

/** Whether every way leads to a program, and the answer comes back. */
export const isAllReached = ({ ways }: Pick<Trace, 'ways'>, proof: Proof | undefined): boolean => {
  const isSure = (way: TracedWay): boolean => isReached(way) && way.answer?.kind !== 'unknown';
  switch (proof?.outcome) {
    case 'connected':
      // The kernel has decided what the model may not know. Of other ways, the real packet says nothing.
      return ways.length === 1 || ways.every(isSure);
    case 'sent':
    case undefined:
      return ways.every(isSure);
    default:
      return false;
  }
};
