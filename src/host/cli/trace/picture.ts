// Draws the way of a packet for a terminal: a hop for each machine, and below it what happens there.
import stringWidth from 'string-width';
import type { Hop, Way } from '../../../dataplane/cluster/way.ts';
import type { Headers, NodeStep, RuleStep } from '../../../dataplane/node/packet.ts';
import { printable } from '../../../kit/printable.ts';
import type { Proof } from '../../trace/proof.ts';
import type { Context } from '../context.ts';
import { cutTo, padEnd, wrap } from '../text.ts';
import { drawAnswer, drawEnd, drawEnds, drawProof } from './ends.ts';
import { explain } from './explain.ts';
import { endpoint, percent, shownName } from './names.ts';
import type { Trace, TracedWay } from './traced.ts';

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

const drawStep = ({ output, say }: Context, step: NodeStep): readonly string[] => {
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
      return wrap(say.traceTracked(step.effect), room).map((text, index) =>
        row(index === 0 ? 'conntrack' : '', paint('dim', text)),
      );
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

const packetText = ({ source, destination, destinationPort }: Headers): string =>
  `${source} → ${endpoint(destination, destinationPort)}`;
