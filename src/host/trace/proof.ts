// Compares the model's ways with the way that a real packet took, as the kernel's own trace tells it.
import type { KernelTraceOutcome, TraceEvent } from '../../api/dataplane.ts';
import type { Hop, Way } from '../../dataplane/cluster/way.ts';
import type { RuleStep } from '../../dataplane/node/packet.ts';

export interface Proof {
  readonly outcome: KernelTraceOutcome['outcome'];
  /** The index of the way that the packet took. Undefined: none of them. */
  readonly way: number | undefined;
  /** How many rules the kernel named on this way. Rules of iptables-legacy are not in its trace. */
  readonly rules: number;
  /** Whether the kernel told anything. */
  readonly traced: boolean;
  /** Where the packet left the most probable way. */
  readonly difference?: { readonly machine: string; readonly model: string; readonly kernel: string };
}

/** @param machineOf the machine of the model with this namespace */
export const proofOf = (
  ways: readonly Way[],
  { outcome, namespaces }: KernelTraceOutcome,
  machineOf: (id: string) => string | undefined,
): Proof => {
  const events = new Map<string, readonly TraceEvent[]>();
  for (const { id, events: list } of namespaces) {
    const machine = machineOf(id);
    if (machine !== undefined) events.set(machine, list);
  }
  const traced = [...events.values()].some((list) => list.length > 0);
  if (!traced) return { outcome, way: undefined, rules: 0, traced };
  const compared = ways.map((way) => compare(way, events));
  const way = compared.findIndex(({ difference }) => difference === undefined);
  if (way !== -1) return { outcome, way, rules: compared[way]?.rules ?? 0, traced };
  const { rules = 0, difference } = compared[0] ?? {};
  return { outcome, way: undefined, rules, traced, ...(difference ? { difference } : {}) };
};

const compare = (
  way: Way,
  events: ReadonlyMap<string, readonly TraceEvent[]>,
): { readonly rules: number; readonly difference?: NonNullable<Proof['difference']> } => {
  let rules = 0;
  let isRandom = false;
  for (const hop of way.hops) {
    const model = hop.steps.flatMap((step) => (step.kind === 'rule' ? modelRule(step) : []));
    const difference = differenceOf(model, candidatesFor(hop, passagesOf(events.get(hop.machine) ?? []), isRandom));
    if (difference) return { rules, difference: { machine: hop.machine, ...difference } };
    rules += model.length;
    // Masquerading may have taken any free port.
    isRandom ||= way.randomPort && hop.before.source !== '' && hop.before.source !== hop.after.source;
    isRandom ||= way.randomPort && hop.steps.some((step) => step.kind === 'rule' && /^masquerade/.test(step.effect));
  }
  return { rules };
};

/** What one packet met in a machine, from the rule that switches the trace on. */
interface Passage {
  readonly packet: NonNullable<TraceEvent['packet']>;
  readonly rules: readonly string[];
}

const passagesOf = (events: readonly TraceEvent[]): readonly Passage[] => {
  const passages: { packet: Passage['packet']; rules: string[] }[] = [];
  for (const { family, table, chain, packet, verdict = 'continue', policy } of events) {
    if (packet && table.startsWith('labs-trace')) passages.push({ packet, rules: [] });
    else if (verdict !== 'continue' && !policy) passages.at(-1)?.rules.push(`${family} ${table} ${chain} ${verdict}`);
  }
  return passages;
};

/** The rules of each passage that may be this packet’s. A packet without an answer is sent again: it has several. */
const candidatesFor = (hop: Hop, passages: readonly Passage[], isRandom: boolean): readonly (readonly string[])[] => {
  const { source, destination, destinationPort } = hop.after;
  return passages.flatMap(({ packet, rules }, index) => {
    if (!isOf(packet, hop, isRandom)) return [];
    // A packet that a machine sends to itself goes out and comes in: two passages.
    const again = passages
      .slice(index + 1)
      .find(
        ({ packet: other }) =>
          [other.source, other.destination, other.destinationPort].join() ===
          [source, destination, destinationPort].join(),
      );
    return [rules, ...(hop.end.kind === 'leaves' || !again ? [] : [[...rules, ...again.rules]])];
  });
};

/** Undefined: one of the candidates is the same. */
const differenceOf = (
  model: readonly string[],
  candidates: readonly (readonly string[])[],
): { readonly model: string; readonly kernel: string } | undefined => {
  if (candidates.some((rules) => rules.length === model.length && rules.every((rule, at) => rule === model[at])))
    return undefined;
  const [seen = []] = candidates;
  if (candidates.length === 0 && model.length === 0) return undefined;
  const at = Array.from({ length: Math.max(model.length, seen.length) }).findIndex(
    (_, index) => model[index] !== seen[index],
  );
  return { model: model[at] ?? '–', kernel: seen[at] ?? '–' };
};

/** `ip nat KUBE-SERVICES jump KUBE-SVC-…`. Rules after which the next one is asked, such as marks, are left out. */
const modelRule = ({ backend, family, table, chain, effect }: RuleStep): string[] => {
  if (backend === 'iptables-legacy') return [];
  const verdict = verdictOf(effect);
  return verdict === undefined ? [] : [`${family} ${table} ${chain} ${verdict}`];
};

const verdictOf = (effect: string): string | undefined => {
  const [, kind, target] = /^(jump|go) to (\S+)$/.exec(effect) ?? [];
  if (kind !== undefined) return `${kind === 'go' ? 'goto' : 'jump'} ${target}`;
  if (/^(accept|DNAT|SNAT|masquerade|redirect)/i.test(effect)) return 'accept';
  if (/^(drop|reject)/i.test(effect)) return 'drop';
  return /^return/.test(effect) ? 'return' : undefined;
};

/** As the packet came into the machine. */
const isOf = (packet: Passage['packet'], { before, after }: Hop, isRandom: boolean): boolean =>
  [before.destination, after.destination].includes(packet.destination) &&
  [before.destinationPort, after.destinationPort].includes(packet.destinationPort) &&
  // The kernel chooses the source of a process's packet.
  packet.source === (before.source || after.source) &&
  (isRandom || packet.sourcePort === (before.sourcePort ?? after.sourcePort));
