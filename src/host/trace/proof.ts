// Compares the model's ways with the way that a real packet took, as the kernel's own trace tells it.
import type { KernelTraceOutcome, TraceEvent } from '../../api/fabric.ts';
import type { Hop, Way } from '../../dataplane/cluster/walk.ts';
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
  const compared = ways.map((way) => compare(way, events, outcome));
  const way = compared.findIndex(({ difference }) => difference === undefined);
  if (way !== -1) return { outcome, way, rules: compared[way]?.rules ?? 0, traced };
  const { rules = 0, difference } = compared[0] ?? {};
  return { outcome, way: undefined, rules, traced, ...(difference ? { difference } : {}) };
};

const compare = (
  way: Way,
  events: ReadonlyMap<string, readonly TraceEvent[]>,
  outcome: KernelTraceOutcome['outcome'],
): { readonly rules: number; readonly difference?: NonNullable<Proof['difference']> } => {
  let rules = 0;
  for (const [machine, hops] of Map.groupBy(way.hops, (hop) => hop.machine)) {
    const model = hops.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'rule' ? modelRule(step) : [])));
    const kernel = kernelRules(events.get(machine) ?? [], hops);
    // The first packet of a connection without an answer is sent again.
    const seen = outcome === 'timeout' ? kernel.slice(0, model.length) : kernel;
    const length = Math.max(model.length, seen.length);
    for (let index = 0; index < length; index++)
      if (model[index] !== seen[index])
        return { rules, difference: { machine, model: model[index] ?? '–', kernel: seen[index] ?? '–' } };
    rules += model.length;
  }
  return { rules };
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

const kernelRules = (events: readonly TraceEvent[], hops: readonly Hop[]): string[] => {
  const wanted = new Set(
    hops.flatMap(({ before, after }) =>
      [before, after].map(({ destination, destinationPort }) => `${destination} ${destinationPort}`),
    ),
  );
  const own = new Set(
    events.flatMap(({ id, packet }) =>
      packet && wanted.has(`${packet.destination} ${packet.destinationPort}`) ? [id] : [],
    ),
  );
  return events.flatMap(({ id, family, table, chain, verdict = 'continue', policy }) =>
    policy || verdict === 'continue' || !own.has(id) ? [] : [`${family} ${table} ${chain} ${verdict}`],
  );
};
