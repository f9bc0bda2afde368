// Runs a packet through a rule set, hook by hook, as the kernel does. Returns every path that the packet can take.
import { joinEndpoint, splitEndpoint } from './address.ts';
import type { Chain, Rule, Ruleset } from './model.ts';
import type { Packet, PacketTrace, TraceOptions } from './packet.ts';
import { isLocalAddress, judge } from './trace-match.ts';
import { type PacketState, stepsOf } from './trace-state.ts';
import { applyTarget } from './trace-target.ts';

/** The rules were written to keep whoever follows them busy. The kernel itself takes one of the ways. */
export class TraceLimitError extends Error {
  override readonly name = 'TraceLimitError';
}

/**
 * Every path that a packet can take, with its probability. Paths that come to the same state in a chain are one path.
 * The probabilities of paths that are not `unsure` sum to at most 1.
 * @param ruleset the rules of the packet's address family
 * @throws TraceLimitError when there are too many paths or steps
 */
export const trace = (ruleset: Ruleset, packet: Packet, options: TraceOptions = {}): PacketTrace[] => {
  const start = startOf(packet, options);
  const origin = options.origin ?? (isLocalAddress(start.from, options) ? 'local' : 'network');
  const context: Context = { options, chains: indexChains(ruleset), steps: 0 };
  const ends = origin === 'local' ? fromProcess(context, start) : fromNetwork(context, start);
  return ends.map(toTrace);
};

interface Context {
  readonly options: TraceOptions;
  /** By `table chain`. */
  readonly chains: ReadonlyMap<string, Chain>;
  /** How many rules were compared with a packet so far. */
  steps: number;
}

const ephemeralPort = 49_152;

const startOf = (packet: Packet, options: TraceOptions): PacketState => {
  const from = splitEndpoint(packet.from);
  const to = splitEndpoint(packet.to);
  const protocol = packet.protocol ?? 'tcp';
  return {
    from: from.address,
    fromPort: from.port ?? (protocol === 'icmp' ? undefined : ephemeralPort),
    to: to.address,
    toPort: to.port,
    protocol,
    mark: packet.mark ?? 0,
    state: packet.state ?? 'NEW',
    inInterface: packet.inInterface,
    outInterface: undefined,
    route: isLocalAddress(to.address, options) ? 'local' : 'forward',
    translated: { source: false, destination: false },
    masquerade: false,
    remembered: [],
    probability: 1,
    path: undefined,
    unsure: [],
    end: undefined,
  };
};

const indexChains = (ruleset: Ruleset): ReadonlyMap<string, Chain> =>
  new Map(ruleset.tables.flatMap(({ name, chains }) => chains.map((chain) => [`${name} ${chain.name}`, chain])));

/** The packet of a pod or another machine arrives at an interface. */
const fromNetwork = (context: Context, start: PacketState): PacketState[] =>
  runHook(context, [start], 'PREROUTING', ['raw', 'mangle', 'nat'])
    .map((packet) => (packet.end ? packet : route(packet, context.options)))
    .flatMap((packet) => {
      if (packet.end) return [packet];
      if (packet.route === 'local') return runHook(context, [packet], 'INPUT', ['mangle', 'filter', 'security', 'nat']);
      const forwarded = runHook(context, [packet], 'FORWARD', ['mangle', 'filter', 'security']);
      return runHook(context, forwarded, 'POSTROUTING', ['mangle', 'nat']);
    });

/** The name of an interface that a hook does not have: `-i` never matches in OUTPUT. */
const none = '';

/** The packet of a process on the node. A packet to the node itself arrives again at the loopback interface. */
const fromProcess = (context: Context, start: PacketState): PacketState[] => {
  const sent = { ...route(start, context.options), inInterface: none };
  return runHook(context, [sent], 'OUTPUT', ['raw', 'mangle', 'nat'])
    .map((packet) => (packet.end ? packet : route(packet, context.options)))
    .flatMap((packet) => runHook(context, [packet], 'OUTPUT', ['filter', 'security']))
    .flatMap((packet) => runHook(context, [packet], 'POSTROUTING', ['mangle', 'nat']))
    .flatMap((packet) => {
      if (packet.end || packet.route !== 'local') return [packet];
      const looped: PacketState = { ...packet, inInterface: 'lo', outInterface: none };
      const arrived = runHook(context, [looped], 'PREROUTING', ['raw', 'mangle']);
      return runHook(context, arrived, 'INPUT', ['mangle', 'filter', 'security']);
    });
};

const route = (packet: PacketState, options: TraceOptions): PacketState => {
  const local = isLocalAddress(packet.to, options);
  const outInterface = local ? 'lo' : options.outInterface?.(packet.to);
  return { ...packet, route: local ? 'local' : 'forward', outInterface };
};

/** Runs the tables of one hook, in the kernel's order. */
const runHook = (
  context: Context,
  packets: readonly PacketState[],
  hook: string,
  tables: readonly string[],
): PacketState[] =>
  tables.reduce<PacketState[]>(
    (live, table) => live.flatMap((packet) => runTable(context, packet, table, hook)),
    [...packets],
  );

const runTable = (context: Context, packet: PacketState, table: string, hook: string): PacketState[] => {
  const chain = context.chains.get(`${table} ${hook}`);
  if (packet.end || !chain || (table === 'nat' && packet.state !== 'NEW')) return [packet];
  return runChain(context, packet, chain, { table, hook, depth: 0 }).map(({ packet: after, exit }) =>
    exit === 'through' && chain.policy === 'DROP' ? { ...after, end: { fate: 'dropped' } } : after,
  );
};

interface Place {
  readonly table: string;
  readonly hook: string;
  readonly depth: number;
}

/** `through`: the packet left the chain at its end or by RETURN. `done`: the packet skips the rest of the table. */
interface Exit {
  readonly packet: PacketState;
  readonly exit: 'through' | 'done';
}

// The kernel refuses chains that loop, but a rule set written by hand may contain a loop.
const maxDepth = 64;
// A service with thousands of endpoints has thousands of paths.
const maxPaths = 20_000;
/** A packet through 10,000 services with thousands of endpoints needs a tenth of this. */
const maxSteps = 500_000;
/** So few paths are not worth comparing. */
const fewPaths = 16;

const runChain = (context: Context, start: PacketState, chain: Chain, place: Place): Exit[] => {
  if (place.depth > maxDepth) throw new Error(`the chains of table ${place.table} loop at ${chain.name}`);
  const exits: Exit[] = [];
  let live: PacketState[] = [start];
  for (const rule of chain.rules) {
    if (live.length === 0) break;
    if (live.length > fewPaths) live = merge(live);
    context.steps += live.length;
    if (live.length + exits.length > maxPaths)
      throw new TraceLimitError(`a packet has more than ${maxPaths} paths through chain ${chain.name}`);
    if (context.steps > maxSteps) throw new TraceLimitError(`a packet meets more than ${maxSteps} rules`);
    live = live.flatMap((packet) => {
      const { matching, passing } = split(rule, packet, context.options);
      if (!matching) return passing ? [passing] : [];
      const { stay, leave } = runRule(context, rule, matching, place);
      // A rule that cannot be judged does not matter if it changes nothing: it only logs, say.
      if (matching.unsure !== packet.unsure && leave.length === 0 && stay.every(isSame(packet))) return [packet];
      exits.push(...leave);
      return passing ? [passing, ...stay] : stay;
    });
  }
  return [...exits, ...live.map((packet) => ({ packet, exit: 'through' as const }))];
};

/** All that decides what happens to the packet from here on. */
const stateOf = ({ path: _, probability: __, unsure: ___, ...rest }: PacketState): string => JSON.stringify(rest);

const isSame = (packet: PacketState) => {
  const state = stateOf(packet);
  return (other: PacketState): boolean => stateOf(other) === state;
};

/** Of paths that came to the same state, the first one stands for all of them. Sure and unsure ones stay apart. */
const merge = (packets: readonly PacketState[]): PacketState[] => {
  const merged = new Map<string, PacketState>();
  for (const packet of packets) {
    const key = `${packet.unsure.length > 0} ${stateOf(packet)}`;
    const same = merged.get(key);
    merged.set(key, same ? { ...same, probability: same.probability + packet.probability } : packet);
  }
  return [...merged.values()];
};

/**
 * Splits a packet: the part that matches a rule, and the part that does not. If the rule cannot be judged, both parts
 * are possible, and each has the whole probability.
 */
const split = (
  rule: Rule,
  packet: PacketState,
  options: TraceOptions,
): { matching?: PacketState; passing?: PacketState } => {
  const { chance, unsure, remembered } = judge(rule, packet, options);
  const known = unsure.length > 0 ? { ...packet, unsure: [...new Set([...packet.unsure, ...unsure])] } : packet;
  const matching = {
    ...known,
    probability: packet.probability * chance,
    remembered: remembered.length > 0 ? [...packet.remembered, ...remembered] : packet.remembered,
  };
  const passing = unsure.length > 0 ? packet.probability : packet.probability * (1 - chance);
  return {
    ...(chance > 0 ? { matching } : {}),
    ...(passing > 0 ? { passing: { ...known, probability: passing } } : {}),
  };
};

/** Applies a rule to a packet that matches it. The packet then stays in this chain or leaves the chain. */
const runRule = (
  context: Context,
  rule: Rule,
  packet: PacketState,
  place: Place,
): { stay: PacketState[]; leave: Exit[] } => {
  const { target } = rule;
  const step = (effect: string): PacketState => ({
    ...packet,
    path: { step: { hook: `${place.table} ${place.hook}`, rule, effect }, before: packet.path },
  });
  if (target?.kind === 'return') return { stay: [], leave: [{ packet: step('return'), exit: 'through' }] };
  if (target?.kind !== 'jump') {
    const { packet: after, done, effect } = applyTarget(target, packet, context.options);
    const stepped = { ...after, path: step(effect).path };
    return done ? { stay: [], leave: [{ packet: stepped, exit: 'done' }] } : { stay: [stepped], leave: [] };
  }
  const stepped = step(`${target.goto ? 'go' : 'jump'} to ${target.chain}`);
  const chain = context.chains.get(`${place.table} ${target.chain}`);
  if (!chain) return { stay: [stepped], leave: [] };
  const exits = runChain(context, stepped, chain, { ...place, depth: place.depth + 1 });
  if (target.goto) return { stay: [], leave: exits };
  return {
    stay: exits.filter(({ exit }) => exit === 'through').map((exit) => exit.packet),
    leave: exits.filter(({ exit }) => exit === 'done'),
  };
};

const toTrace = (packet: PacketState): PacketTrace => ({
  fate: packet.end?.fate ?? 'accepted',
  route: packet.route,
  lands: joinEndpoint(packet.to, packet.toPort),
  source: packet.masquerade ? 'masquerade' : packet.from,
  masq: packet.masquerade,
  mark: packet.mark,
  probability: packet.probability,
  ...(packet.end?.rejectWith === undefined ? {} : { rejectWith: packet.end.rejectWith }),
  path: stepsOf(packet.path),
  unsure: packet.unsure,
});
