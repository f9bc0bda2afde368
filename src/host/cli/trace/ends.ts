// Draws where a packet and its answer end, and what the real packet proves.
import { fabricMachine } from '../../../api/cluster.ts';
import type { Answer } from '../../../dataplane/cluster/back.ts';
import { linkLoss, type Way, type WayEnd } from '../../../dataplane/cluster/way.ts';
import { casesOf } from '../../../dataplane/node/conditions.ts';
import type { Proof } from '../../trace/proof.ts';
import type { Context } from '../context.ts';
import type { Messages } from '../messages.ts';
import { padEnd, wrap } from '../text.ts';
import { endpoint, percent, shownName } from './names.ts';
import { isReached, isResetLost, type TracedWay } from './traced.ts';

export const drawEnd = ({ output, say }: Context, way: Way): readonly string[] => {
  const { paint, width } = output;
  const good = way.end.kind === 'delivered' && way.end.listening !== false;
  const mark = good
    ? paint(['bold', 'green'], '✔')
    : paint(['bold', way.end.kind === 'unknown' ? 'yellow' : 'red'], '✖');
  return wrap(endText(say, way), width - 3).map((row, index) => `${index === 0 ? mark : ' '}  ${row}`);
};

/** Says nothing of an answer that comes back. */
export const drawAnswer = ({ output, say }: Context, { answer, hops: [first] }: TracedWay): readonly string[] => {
  if (!answer || answer.kind === 'returns') return [];
  const mark = output.paint(
    ['bold', answer.kind === 'unknown' ? 'yellow' : 'red'],
    answer.kind === 'unknown' ? '!' : '✖',
  );
  const text = answerEnd(say, answer, shownName(first?.machine ?? ''));
  return wrap(text, output.width - 3).map((row, index) => `${index === 0 ? mark : ' '}  ${row}`);
};

const answerEnd = (say: Messages, answer: Exclude<Answer, { kind: 'returns' }>, sender: string): string => {
  const { end, headers } = answer.way;
  const machine = shownName(end.machine);
  if (answer.kind === 'unknown') return say.traceAnswerUnknown(machine, answer.reasons.join('; '));
  if (answer.kind === 'strange') {
    const { address, port } = answer.wanted;
    const source = endpoint(headers.source, headers.sourcePort);
    return say.traceAnswerStrange(source, endpoint(address, port), sender);
  }
  switch (end.kind) {
    case 'dropped':
      if (end.by === linkLoss) return say.traceAnswerLost;
      return end.machine === fabricMachine
        ? say.traceAnswerOutside
        : say.traceAnswerDropped(machine, decidedBy(say, end));
    case 'rejected':
      return say.traceAnswerDropped(machine, decidedBy(say, end));
    case 'unroutable':
      return say.traceAnswerDropped(machine, end.by);
    default:
      return say.traceAnswerAstray(machine, sender);
  }
};

const endText = (say: Messages, { end, headers }: Way): string => {
  switch (end.kind) {
    case 'delivered': {
      const port = end.port === undefined ? '' : say.tracePort(end.port);
      const seen = say.traceSeen(headers.source);
      if (end.listening === false) return [say.traceSilent(shownName(end.machine), port), seen].join(' ');
      const listens = end.listening ? [say.traceListening] : [];
      return [say.traceDelivered(shownName(end.machine), port), ...listens, seen].join(' ');
    }
    case 'dropped':
      if (end.by === linkLoss) return say.traceLost;
      if (end.machine === fabricMachine) return say.traceOutside;
      return say.traceDropped(shownName(end.machine), decidedBy(say, end));
    case 'rejected':
      return say.traceRejected(shownName(end.machine), end.with, decidedBy(say, end));
    case 'unroutable':
      return say.traceUnroutable(shownName(end.machine), end.by);
    case 'loop':
      return say.traceLoop(shownName(end.machine));
    case 'unknown':
      return say.traceUnknown(shownName(end.machine), end.reasons.join('; '));
  }
};

const decidedBy = (say: Messages, { by, step }: Extract<WayEnd, { kind: 'dropped' | 'rejected' }>): string => {
  if (step?.kind === 'rule') return say.traceByRule(step.position, step.chain, step.table);
  return step?.kind === 'policy' ? say.traceByPolicy(step.chain, step.table) : by;
};

export const drawProof = ({ output, say }: Context, proof: Proof | undefined, way: TracedWay): readonly string[] => {
  if (!proof) return [];
  const outcome = say.traceOutcome(proof.outcome);
  const isSame = proof.way !== undefined;
  const good = isSame && endsAs(proof.outcome, way);
  const { difference } = proof;
  const text = isSame
    ? (proof.rules > 0 ? say.traceProved(outcome, proof.rules) : say.traceProvedNone(outcome)) +
      (good ? '' : ` ${answerText(say, proof.outcome, way)}`)
    : way.end.kind === 'unknown'
      ? say.traceRealOnly(outcome)
      : difference
        ? say.traceDiffers(outcome, shownName(difference.machine), difference.kernel, difference.model)
        : say.traceUntraced(outcome);
  // A tick below a dropped packet would look like a success.
  const mark = good
    ? output.paint(['bold', 'green'], isReached(way) ? '✔' : '=')
    : output.paint(['bold', 'yellow'], '!');
  return wrap(text, output.width - 3).map((row, index) => `${index === 0 ? mark : ' '}  ${row}`);
};

/** Whether a connection ends so when its first packet does. */
const endsAs = (outcome: Proof['outcome'], { end, answer, hops }: TracedWay): boolean => {
  if (outcome === 'sent') return true;
  switch (end.kind) {
    case 'delivered':
      if (answer?.kind === 'lost' || answer?.kind === 'strange') return outcome !== 'connected';
      return end.listening === undefined || outcome === (end.listening ? 'connected' : 'refused');
    case 'dropped':
      return outcome === 'timeout';
    case 'loop':
      // The router where the TTL ends tells the sender, unless nothing leads back there.
      return outcome === 'timeout' || outcome === 'unreachable';
    case 'unroutable':
      return outcome !== 'connected';
    case 'unknown':
      return true;
    case 'rejected':
      if (isResetLost(hops.at(-1))) return outcome === 'timeout';
      return outcome === 'refused' || outcome === 'unreachable';
  }
};

const answerText = (say: Messages, outcome: Proof['outcome'], { hops, end }: Way): string => {
  const [first] = hops;
  return end.kind === 'delivered' && outcome === 'timeout' && first
    ? say.traceNoAnswer(shownName(end.machine), shownName(first.machine))
    : say.traceOtherEnd;
};

interface EndsHow {
  readonly all: boolean;
  readonly proof: Proof | undefined;
}

/** The ends of all ways, with their shares. */
export const drawEnds = (
  { output, say }: Context,
  ways: readonly Way[],
  { all, proof }: EndsHow,
): readonly string[] => {
  const cases = casesOf(ways);
  const ends = [...new Set(ways.map(({ end }) => shortEnd(end)))];
  if (ends.length < 2) return [];
  const shareOf = (where: string): string => {
    const shares = cases.map((some) =>
      some.reduce((sum, { end, probability }) => sum + (shortEnd(end) === where ? probability : 0), 0),
    );
    const [least, most] = [percent(Math.min(...shares)), percent(Math.max(...shares))];
    return least === most ? least : `${least} – ${most}`;
  };
  return [
    '',
    output.paint('bold', say.traceWays),
    ...ends.map((where) => `  ${padEnd(shareOf(where), 6)} ${where}`),
    ...(all ? [] : [output.paint('dim', say.traceShown(proof?.way !== undefined))]),
  ];
};

const shortEnd = (end: WayEnd): string => {
  const machine = shownName(end.machine);
  if (end.kind === 'delivered') return `${machine}  ${end.address}${end.port === undefined ? '' : `:${end.port}`}`;
  return `${machine}  ${end.kind}`;
};
