// The order in which netfilter asks base chains, conntrack, NAT and IPVS at each hook.

import type { Budget } from './budget.ts';
import type { BaseChain } from './chain.ts';
import { conditionsKey } from './conditions.ts';
import type { FlowTable } from './conntrack.ts';
import { replyOf, type Tracked } from './conntrack.ts';
import { merge, runBaseChain } from './engine.ts';
import type { HookName } from './packet.ts';
import { addStep, fateOf, type PacketState, tupleOf } from './state.ts';

/** One entry of a hook. It returns the packets that go on, and those that ended. */
interface HookEntry {
  readonly priority: number;
  readonly run: (packet: PacketState, budget: Budget) => readonly PacketState[];
}

export type Hooks = Readonly<Record<HookName, readonly HookEntry[]>>;

export interface HookParts {
  readonly flows: FlowTable;
  /** Decides anew where a packet of this node goes, after a rule at the hook `output` changed it. */
  readonly reroute: (packet: PacketState) => readonly PacketState[];
  /** IPVS at the hook `input`. */
  readonly virtual: (packet: PacketState) => readonly PacketState[];
}

/** All entries of NAT run at these priorities; a base chain's own priority only orders it among those of NAT. */
const natPriority: Readonly<Partial<Record<HookName, number>>> = {
  prerouting: -100,
  output: -100,
  input: 100,
  postrouting: 100,
};
const conntrackPriority = -200;
const ipvsPriority = 99;

export const hooksOf = (chains: readonly BaseChain[], parts: HookParts): Hooks => {
  const hook = (name: HookName): HookEntry[] => {
    const own = chains.filter((chain) => chain.hook === name);
    const others = Map.groupBy(
      own.filter(({ type }) => type !== 'nat'),
      ({ priority }) => priority,
    );
    const entries: HookEntry[] = [...others].map(([priority, group]) => ({
      priority,
      run: (packet, budget) => runGroup(group, packet, budget, parts),
    }));
    const nat = natPriority[name];
    if (nat !== undefined) {
      const natChains = own
        .filter(({ type }) => type === 'nat')
        .toSorted((one, other) => one.priority - other.priority);
      entries.push({ priority: nat, run: (packet, budget) => runNat(natChains, packet, budget, name, parts) });
    }
    if (name === 'prerouting' || name === 'output')
      entries.push({ priority: conntrackPriority, run: (packet) => [track(packet, parts.flows)] });
    if (name === 'input') entries.push({ priority: ipvsPriority, run: (packet) => parts.virtual(packet) });
    const ordered = entries.toSorted((one, other) => one.priority - other.priority);
    return name === 'input' ? ordered.map(unlessTaken) : ordered;
  };
  return {
    prerouting: hook('prerouting'),
    input: hook('input'),
    forward: hook('forward'),
    output: hook('output'),
    postrouting: hook('postrouting'),
  };
};

/** A packet that IPVS sends to another machine does not meet the rest of the hook `input`. */
const unlessTaken = ({ priority, run }: HookEntry): HookEntry => ({
  priority,
  run: (packet, budget) => (priority > ipvsPriority && packet.route?.type !== 'local' ? [packet] : run(packet, budget)),
});

/** Runs a hook from its first entry, or from the first one whose priority is higher than `after`. */
export const runHook = (
  entries: readonly HookEntry[],
  packet: PacketState,
  budget: Budget,
  after = Number.NEGATIVE_INFINITY,
): PacketState[] =>
  entries.reduce<PacketState[]>(
    (live, { priority, run }) =>
      priority <= after ? live : merge(live.flatMap((each) => (each.end ? [each] : run(each, budget)))),
    [packet],
  );

/** After a chain of the type route that changed the mark, a packet of this node is routed again. */
const runChain = (
  base: BaseChain,
  packet: PacketState,
  budget: Budget,
  { reroute }: HookParts,
): readonly PacketState[] => {
  const after = runBaseChain(base, packet, budget);
  if (base.type !== 'route') return after;
  return after.flatMap((each) =>
    !each.end && (each.mark !== packet.mark || each.tos !== packet.tos) ? reroute(each) : [each],
  );
};

/**
 * Of chains with the same priority, the kernel asks the one first that was added last. That is not visible, so other
 * orders are tried. If they differ, the packet's fate is not known.
 */
const anyOrder = (all: readonly BaseChain[], run: (chains: readonly BaseChain[]) => PacketState[]): PacketState[] => {
  const chains = all.filter((base) => base.policy !== 'accept' || base.chain().rules.length > 0);
  const first = run(chains);
  const second = ordersOf(chains)
    .map(run)
    .find((other) => summary(other) !== summary(first));
  if (!second) return first;
  const names = chains.map((chain) => `${chain.table.backend} table ${chain.table.name} chain ${chain.chain().name}`);
  const reason = `the order of ${names.join(' and ')} is not known`;
  const doubt = (packet: PacketState): PacketState => ({ ...packet, unsure: [...packet.unsure, reason] });
  return [...first, ...second].map(doubt);
};

/** The orders besides the given one: all for a few chains, else the reverse. */
const ordersOf = (chains: readonly BaseChain[]): (readonly BaseChain[])[] => {
  if (chains.length < 2) return [];
  return chains.length > mostInAnyOrder ? [chains.toReversed()] : permutations(chains).slice(1);
};

const mostInAnyOrder = 3;

const permutations = <T>(list: readonly T[]): (readonly T[])[] =>
  list.length < 2
    ? [list]
    : list.flatMap((first, at) => permutations(list.toSpliced(at, 1)).map((rest) => [first, ...rest]));

const summary = (packets: readonly PacketState[]): string =>
  [
    ...Map.groupBy(
      packets,
      (packet) => `${packet.unsure.length === 0} ${conditionsKey(packet.conditions)} ${fateOf(packet)}`,
    ),
  ]
    .map(([fate, alike]) => `${alike.reduce((sum, { probability }) => sum + probability, 0).toFixed(9)} ${fate}`)
    .toSorted()
    .join('\n');

const runGroup = (
  group: readonly BaseChain[],
  packet: PacketState,
  budget: Budget,
  parts: HookParts,
): readonly PacketState[] =>
  anyOrder(group, (chains) =>
    chains.reduce<PacketState[]>(
      (live, chain) => live.flatMap((each) => (each.end ? [each] : runChain(chain, each, budget, parts))),
      [packet],
    ),
  );

/** Finds the packet's connection, or begins one. A packet that comes back by `lo` keeps its connection. */
const track = (packet: PacketState, flows: FlowTable): PacketState => {
  if (packet.tracked !== 'none' && packet.tracked !== 'invalid') return packet;
  const tuple = tupleOf(packet);
  const found = packet.flows?.find(tuple) ?? flows.find(tuple);
  const nothing = { source: false, destination: false };
  if (!found) {
    const state = packet.wanted ?? firstState(packet);
    if (state === 'UNTRACKED') return { ...packet, tracked: 'untracked' };
    if (state === 'INVALID') return { ...packet, tracked: 'invalid' };
    const isNew = state === 'NEW' || state === 'RELATED';
    const asked = { source: !isNew, destination: !isNew };
    const tracked: Tracked = {
      state,
      direction: 'original',
      original: tuple,
      flow: undefined,
      mark: 0,
      asked,
      changed: nothing,
    };
    return { ...packet, tracked };
  }
  const { flow, direction } = found;
  if (packet.wanted === 'INVALID') return { ...packet, tracked: 'invalid' };
  const state = packet.wanted ?? (direction === 'reply' || flow.replied ? 'ESTABLISHED' : 'NEW');
  const turned = replyOf(flow.original.protocol, flow.reply);
  const changed = {
    source: turned.source !== flow.original.source || turned.sourcePort !== flow.original.sourcePort,
    destination:
      turned.destination !== flow.original.destination || turned.destinationPort !== flow.original.destinationPort,
  };
  const tracked: Tracked = {
    state,
    direction,
    original: flow.original,
    flow,
    mark: flow.mark,
    asked: { source: true, destination: true },
    changed,
  };
  const { source, destination } = flow.original;
  const effect = `belongs to a known connection from ${source} to ${destination} (${direction})`;
  return addStep({ ...packet, tracked }, { kind: 'conntrack', effect });
};

/** Conntrack begins a connection with some packets only: a TCP SYN, or an ACK of one that was there before it. */
const firstState = ({ protocol, tcpFlags, icmpType }: PacketState): 'NEW' | 'INVALID' | 'UNTRACKED' => {
  const has = (flag: string): boolean => tcpFlags.includes(flag);
  if (protocol === 'icmp') return icmpType !== undefined && icmpRequests.has(icmpType) ? 'NEW' : 'INVALID';
  if (protocol === 'icmpv6') {
    if (icmpType !== undefined && untracked6.has(icmpType)) return 'UNTRACKED';
    return icmpType === 128 || icmpType === 139 ? 'NEW' : 'INVALID';
  }
  if (protocol !== 'tcp') return 'NEW';
  if (has('rst') || has('fin')) return 'INVALID';
  return has('syn') !== has('ack') ? 'NEW' : 'INVALID';
};

/** Echo, timestamp, information and address mask requests. */
const icmpRequests: ReadonlySet<number> = new Set([8, 13, 15, 17]);

/** Reports of multicast listeners, and neighbour discovery. */
const untracked6: ReadonlySet<number> = new Set([130, 131, 132, 133, 134, 135, 136, 137, 143]);

const runNat = (
  chains: readonly BaseChain[],
  packet: PacketState,
  budget: Budget,
  name: HookName,
  { reroute }: HookParts,
): readonly PacketState[] => {
  const { tracked } = packet;
  if (typeof tracked === 'string') return [packet];
  const side = name === 'prerouting' || name === 'output' ? 'destination' : 'source';
  const after = tracked.flow ? [byFlow(packet, tracked, side)] : byRules(chains, packet, budget, tracked, side);
  if (name !== 'output') return after;
  return after.flatMap((each) => (!each.end && each.destination !== packet.destination ? reroute(each) : [each]));
};

/** NAT by an entry of conntrack: the packet's other tuple, turned round, has the addresses. */
const byFlow = (packet: PacketState, { flow, direction }: Tracked, side: 'source' | 'destination'): PacketState => {
  if (!flow) return packet;
  const other = replyOf(flow.original.protocol, direction === 'original' ? flow.reply : flow.original);
  const [address, port] =
    side === 'destination' ? [other.destination, other.destinationPort] : [other.source, other.sourcePort];
  const moved =
    side === 'destination'
      ? { ...packet, destination: address, destinationPort: port }
      : { ...packet, source: address, sourcePort: port };
  if (
    moved[side] === packet[side] &&
    moved.destinationPort === packet.destinationPort &&
    moved.sourcePort === packet.sourcePort
  )
    return packet;
  const effect = `conntrack changes the ${side} to ${address}${port === undefined ? '' : `:${port}`}`;
  return addStep(moved, { kind: 'nat', effect });
};

/** The first chain that translates decides. Without one, the connection keeps its addresses for good. */
const byRules = (
  chains: readonly BaseChain[],
  packet: PacketState,
  budget: Budget,
  { asked }: Tracked,
  side: 'source' | 'destination',
): PacketState[] => {
  if (asked[side]) return [packet];
  const isDecided = ({ tracked, end }: PacketState): boolean =>
    end !== undefined || typeof tracked === 'string' || tracked.asked[side];
  const groups = [...Map.groupBy(chains, ({ priority }) => priority).values()];
  const after = groups.reduce<PacketState[]>(
    (live, group) =>
      live.flatMap((each) =>
        isDecided(each)
          ? [each]
          : anyOrder(group, (ordered) =>
              ordered.reduce<PacketState[]>(
                (some, chain) => some.flatMap((one) => (isDecided(one) ? [one] : runBaseChain(chain, one, budget))),
                [each],
              ),
            ),
      ),
    [packet],
  );
  return after.map((each) => {
    if (typeof each.tracked === 'string' || each.end) return each;
    return { ...each, tracked: { ...each.tracked, asked: { ...each.tracked.asked, [side]: true } } };
  });
};
