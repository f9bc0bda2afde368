// Draws the way of a packet for a terminal: a hop for each machine, and below it what happens there.
import stringWidth from 'string-width';
import { fabricMachine } from '../../../api/cluster.ts';
import type { Answer } from '../../../dataplane/cluster/back.ts';
import type { Hop, Way, WayEnd } from '../../../dataplane/cluster/way.ts';
import { casesOf } from '../../../dataplane/node/conditions.ts';
import type { Headers, NodeStep, RuleStep } from '../../../dataplane/node/packet.ts';
import { printable } from '../../../kit/printable.ts';
import type { Proof } from '../../trace/proof.ts';
import type { Context } from '../context.ts';
import type { Messages } from '../messages.ts';
import { cutTo, padEnd, wrap } from '../text.ts';
import { explain } from './explain.ts';
import { endpoint, percent, shownName } from './names.ts';
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

export interface How {
  /** A sentence for each thing that happens. */
  readonly explain: boolean;
  /** Every way, not only the one that a real packet took, or else the most probable one. */
  readonly all: boolean;
  /** Whether the address is the ClusterIP of a service. */
  readonly isService: (address: string) => boolean;
  /** The node that a pod runs on. */
  readonly hostOf: (machine: string) => string | undefined;
  readonly proof: Proof | undefined;
}

export const drawTrace = (context: Context, trace: Trace, how: How): readonly string[] => {
  const { output, say } = context;
  const { start, goal, protocol } = trace;
  const ways = takenFirst(trace.ways, how.proof);
  const address = goal.label === goal.address ? '' : `  ${goal.address}`;
  const title = `${start.label} → ${goal.label}:${goal.port}/${protocol}`;
  const shown = how.all ? ways : ways.slice(0, 1);
  return [
    output.paint('bold', title) + output.paint('dim', address),
    ...(goal.instead === undefined
      ? []
      : wrap(say.traceNoSuchPort(goal.label, goal.port, goal.instead.join(', ')), output.width).map((line) =>
          output.paint('yellow', line),
        )),
    ...shown.flatMap((way, index) => [
      '',
      ...(ways.length > 1 && how.all
        ? [output.paint('bold', say.traceWay(index + 1, ways.length, percent(way.probability))), '']
        : []),
      ...drawConditions(context, way),
      ...joined(way.hops).flatMap((hop) => drawHop(context, hop, { ...how, way })),
      ...drawEnd(context, way),
      ...drawAnswer(context, way),
      // The way that the real packet took comes first.
      ...(index === 0 ? drawProof(context, how.proof, way) : []),
    ]),
    ...drawEnds(context, ways, how),
  ];
};

/** What must be so, such as a limit that is not used up, for the packet to go this way. */
const drawConditions = ({ output, say }: Context, { conditions }: Way): readonly string[] =>
  conditions.flatMap(({ text, holds }) =>
    wrap(say.traceWhile(text, holds), output.width).map((line) => output.paint('yellow', line)),
  );

const takenFirst = (ways: readonly TracedWay[], proof: Proof | undefined): readonly TracedWay[] => {
  const taken = proof?.way === undefined ? undefined : ways[proof.way];
  return taken ? [taken, ...ways.filter((way) => way !== taken)] : ways;
};

const drawProof = ({ output, say }: Context, proof: Proof | undefined, way: TracedWay): readonly string[] => {
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

/** Whether the packet comes to a program, and the answer comes back as far as anybody knows. */
const isReached = ({ end, answer }: TracedWay): boolean =>
  end.kind === 'delivered' && end.listening !== false && answer?.kind !== 'lost' && answer?.kind !== 'strange';

const drawHop = (context: Context, hop: Hop, { way, ...how }: How & { readonly way: Way }): readonly string[] => {
  const { output, say } = context;
  const { paint, width } = output;
  const name = shownName(hop.machine);
  const host = hop.kind === 'pod' ? how.hostOf(hop.machine) : undefined;
  const what = host === undefined ? '' : say.traceOn(host);
  // The kernel chooses the source of a process's packet.
  const packet = packetText({ ...hop.before, source: hop.before.source || hop.after.source });
  const room = width - stringWidth(packet) - 2;
  const title = `${padEnd(cutTo(`● ${name}  ${what}`, room), room)}  `;
  const painted = title.replace(name, paint(['bold', 'cyan'], name));
  const { steps, idle } = withoutIdle(hop.steps);
  const rows = steps.flatMap((step) => drawStep(context, step));
  return [
    painted + paint('dim', packet),
    ...rows.map((row) => `│  ${row}`),
    ...(idle > 0 ? [`│  ${paint('dim', `… ${say.traceIdle(idle)}`)}`] : []),
    ...(how.explain ? explain(context, hop, way, how.isService).flatMap((text) => boxed(context, text)) : []),
    ...(hop.next ? [`▼  ${paint('dim', crossing(hop))}`] : []),
  ];
};

/** Whether a connection ends so when its first packet does. */
const endsAs = (outcome: Proof['outcome'], { end, answer }: TracedWay): boolean => {
  if (outcome === 'sent') return true;
  switch (end.kind) {
    case 'delivered':
      if (answer?.kind === 'lost' || answer?.kind === 'strange') return outcome !== 'connected';
      return end.listening === undefined || outcome === (end.listening ? 'connected' : 'refused');
    case 'dropped':
    case 'loop':
      return outcome === 'timeout';
    case 'unroutable':
      return outcome !== 'connected';
    case 'unknown':
      return true;
    case 'rejected':
      return outcome === 'refused' || outcome === 'unreachable';
  }
};

const answerText = (say: Messages, outcome: Proof['outcome'], { hops, end }: Way): string => {
  const [first] = hops;
  return end.kind === 'delivered' && outcome === 'timeout' && first
    ? say.traceNoAnswer(shownName(end.machine), shownName(first.machine))
    : say.traceOtherEnd;
};

/** The fabric's bridge is a switch between the machines. Where it does nothing else, it is a part of the cable. */
const joined = (hops: readonly Hop[]): readonly Hop[] =>
  hops.flatMap((hop, index) => {
    const { kind, entry, steps, next } = hop;
    if (kind === 'fabric' && entry.kind === 'bridged' && steps.length === 0 && next && index > 0) return [];
    const after = hops[index + 1];
    if (after?.kind !== 'fabric' || after.entry.kind !== 'bridged' || after.steps.length > 0) return [hop];
    if (!hop.next || !after.next) return [hop];
    const through = [...hop.next.through, `bridge ${after.entry.bridge}`, ...after.next.through];
    return [{ ...hop, next: { ...after.next, through } }];
  });

/** The link that the packet leaves by, what carries it, and the link that it arrives at. */
const crossing = ({ end, next }: Hop): string =>
  [
    ...(end.kind === 'leaves' ? [end.link] : []),
    ...(next?.through ?? []).map((each) => each.replace(/ of \S+$/, '')),
    ...(next ? [next.link] : []),
  ].join(' ─ ');

const boxed = ({ output }: Context, text: string): readonly string[] =>
  wrap(text, output.width - 5).map((row) => `│  ${output.paint('green', '┃')} ${row}`);

/** `kube-proxy` is the longest name of a table that labs makes. */
const tableWidth = 11;

const drawStep = ({ output }: Context, step: NodeStep): readonly string[] => {
  const { paint, width } = output;
  const row = (what: string, text: string): string => paint('dim', padEnd(what, tableWidth)) + text;
  const room = width - 3 - tableWidth;
  switch (step.kind) {
    case 'rule': {
      const rule = `${step.chain} ${step.position}`;
      const effect = shownEffect(step) + (step.backend === 'iptables-legacy' ? ' (iptables-legacy)' : '');
      const comment = step.comment === undefined ? '' : printable(step.comment);
      const line = `${rule} ${effect}`;
      // In a narrow terminal, the effect goes below the rule.
      const isNarrow = stringWidth(line) > room;
      const painted = isNarrow ? rule : `${rule} ${paintEffect(effect, paint)}`;
      const fits = comment !== '' && stringWidth(line) + stringWidth(comment) + 2 <= room;
      return [
        row(step.table, painted + (fits && !isNarrow ? `  ${paint('dim', comment)}` : '')),
        ...(isNarrow ? [row('', `  ${paintEffect(cutTo(effect, room - 2), paint)}`)] : []),
        ...(fits || comment === '' ? [] : [row('', `  ${paint('dim', shortened(comment, room - 2))}`)]),
      ];
    }
    case 'policy':
      return [row(step.table, `${step.chain} policy ${paint('red', 'drop')}`)];
    case 'route':
      return [
        row(
          'route',
          step.table === 'main' || step.table === 'local' ? step.text : `${step.text} (table ${step.table})`,
        ),
      ];
    case 'conntrack':
      return wrap(step.effect, room).map((text, index) => row(index === 0 ? 'conntrack' : '', paint('dim', text)));
    case 'nat':
      return [row('nat', paint('yellow', step.effect))];
    case 'ipvs':
      return [row('ipvs', `${step.text} ${paint('yellow', step.effect)}`)];
    case 'sysctl':
      return [row('sysctl', `${step.name} = ${step.value}: ${step.effect}`)];
    case 'kernel':
      return [row('kernel', step.effect)];
  }
};

/** The start of a text, with a mark if something is missing. */
const shortened = (text: string, width: number): string => {
  const start = cutTo(text, width);
  return start === text ? text : `${cutTo(text, width - 1)}…`;
};

/** The source port after masquerading is any free one. */
const shownEffect = ({ effect }: RuleStep): string =>
  effect.replace(/^(jump|go) to /, '→ ').replace(/^((?:masquerade|SNAT) to [\d.]+):\d+$/, '$1');

const paintEffect = (effect: string, paint: Context['output']['paint']): string => {
  if (/^(DNAT|masquerade|SNAT|redirect)/i.test(effect)) return paint('yellow', effect);
  if (/^(drop|reject)/i.test(effect)) return paint('red', effect);
  return /^accept/i.test(effect) ? paint('green', effect) : effect;
};

/** Leaves out jumps into chains in which no rule matched: they change nothing. */
const withoutIdle = (steps: readonly NodeStep[]): { readonly steps: readonly NodeStep[]; readonly idle: number } => {
  const kept = steps.filter((step, index) => {
    if (step.kind !== 'rule') return true;
    const target = /^(?:jump|go) to (\S+)$/.exec(step.effect)?.[1];
    if (target === undefined) return true;
    const next = steps[index + 1];
    return next?.kind === 'rule' && next.chain === target && next.table === step.table;
  });
  // Without its target, a jump may lead nowhere now, too.
  return kept.length === steps.length
    ? { steps, idle: 0 }
    : { steps: withoutIdle(kept).steps, idle: steps.length - withoutIdle(kept).steps.length };
};

const drawEnd = ({ output, say }: Context, way: Way): readonly string[] => {
  const { paint, width } = output;
  const good = way.end.kind === 'delivered' && way.end.listening !== false;
  const mark = good
    ? paint(['bold', 'green'], '✔')
    : paint(['bold', way.end.kind === 'unknown' ? 'yellow' : 'red'], '✖');
  return wrap(endText(say, way), width - 3).map((row, index) => `${index === 0 ? mark : ' '}  ${row}`);
};

/** Says nothing of an answer that comes back. */
const drawAnswer = ({ output, say }: Context, { answer, hops: [first] }: TracedWay): readonly string[] => {
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

/** The ends of all ways, with their shares. */
const drawEnds = ({ output, say }: Context, ways: readonly Way[], { all, proof }: How): readonly string[] => {
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

const packetText = ({ source, destination, destinationPort }: Headers): string =>
  `${source} → ${endpoint(destination, destinationPort)}`;
