// Runs a packet through a rule set, hook by hook, as the kernel does. Returns every way that the packet can go.
import { joinEndpoint, splitEndpoint } from './address.ts';
import type { Chain, Rule, Ruleset } from './model.ts';
import type { Packet, PacketTrace, TraceOptions } from './packet.ts';
import { isLocalAddress, judge } from './trace-match.ts';
import type { PacketState } from './trace-state.ts';
import { applyTarget } from './trace-target.ts';

/**
 * Every way that a packet can go, with its probability. The probabilities sum to 1.
 * A rule set without `-m statistic` has one way.
 * @param ruleset the rules of the packet's address family
 */
export const trace = (ruleset: Ruleset, packet: Packet, options: TraceOptions = {}): PacketTrace[] => {
  const start = startOf(packet, options);
  const origin = options.origin ?? (isLocalAddress(start.from, options) ? 'local' : 'network');
  const context: Context = { options, chains: indexChains(ruleset) };
  const ways = origin === 'local' ? fromProcess(context, start) : fromNetwork(context, start);
  return ways.map(toTrace);
};

interface Context {
  readonly options: TraceOptions;
  /** By `table chain`. */
  readonly chains: ReadonlyMap<string, Chain>;
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
    path: [],
    unsure: [],
    end: undefined,
  };
};

const indexChains = (ruleset: Ruleset): ReadonlyMap<string, Chain> =>
  new Map(ruleset.tables.flatMap(({ name, chains }) => chains.map((chain) => [`${name} ${chain.name}`, chain])));

/** The packet of a pod or another machine arrives at an interface. */
const fromNetwork = (context: Context, start: PacketState): PacketState[] =>
  hooks(context, [start], 'PREROUTING', ['raw', 'mangle', 'nat'])
    .map((way) => (way.end ? way : route(way, context.options)))
    .flatMap((way) => {
      if (way.end) return [way];
      if (way.route === 'local') return hooks(context, [way], 'INPUT', ['mangle', 'filter', 'security', 'nat']);
      const forwarded = hooks(context, [way], 'FORWARD', ['mangle', 'filter', 'security']);
      return hooks(context, forwarded, 'POSTROUTING', ['mangle', 'nat']);
    });

/** The packet of a process on the node. A packet to the node itself arrives again at the loopback interface. */
const fromProcess = (context: Context, start: PacketState): PacketState[] => {
  const sent = { ...route(start, context.options), inInterface: undefined };
  return hooks(context, [sent], 'OUTPUT', ['raw', 'mangle', 'nat'])
    .map((way) => (way.end ? way : route(way, context.options)))
    .flatMap((way) => hooks(context, [way], 'OUTPUT', ['filter', 'security']))
    .flatMap((way) => hooks(context, [way], 'POSTROUTING', ['mangle', 'nat']))
    .flatMap((way) => {
      if (way.end || way.route !== 'local') return [way];
      const looped: PacketState = { ...way, inInterface: 'lo', outInterface: undefined };
      const arrived = hooks(context, [looped], 'PREROUTING', ['raw', 'mangle']);
      return hooks(context, arrived, 'INPUT', ['mangle', 'filter', 'security']);
    });
};

const route = (way: PacketState, options: TraceOptions): PacketState => {
  const local = isLocalAddress(way.to, options);
  const outInterface = local ? 'lo' : options.outInterface?.(way.to);
  return { ...way, route: local ? 'local' : 'forward', outInterface };
};

/** Runs the tables of one hook, in the kernel's order. */
const hooks = (
  context: Context,
  ways: readonly PacketState[],
  hook: string,
  tables: readonly string[],
): PacketState[] =>
  tables.reduce<PacketState[]>((live, table) => live.flatMap((way) => runTable(context, way, table, hook)), [...ways]);

const runTable = (context: Context, way: PacketState, table: string, hook: string): PacketState[] => {
  const chain = context.chains.get(`${table} ${hook}`);
  if (way.end || !chain || (table === 'nat' && way.state !== 'NEW')) return [way];
  return runChain(context, way, chain, { table, hook, depth: 0 }).map(({ way: after, exit }) =>
    exit === 'through' && chain.policy === 'DROP' ? { ...after, end: { fate: 'dropped' } } : after,
  );
};

interface Place {
  readonly table: string;
  readonly hook: string;
  readonly depth: number;
}

/** `through`: the packet passed the chain, and its caller goes on. `done`: the packet skips the rest of the table. */
interface Exit {
  readonly way: PacketState;
  readonly exit: 'through' | 'done';
}

// The kernel refuses chains that loop, but a text written by hand may contain a loop.
const maxDepth = 64;
// A service with thousands of endpoints has thousands of ways. Rules written to keep the grader busy can have more:
// each `-m statistic` that returns to its caller doubles the ways.
const maxWays = 50_000;

const runChain = (context: Context, start: PacketState, chain: Chain, place: Place): Exit[] => {
  if (place.depth > maxDepth) throw new Error(`the chains of table ${place.table} loop at ${chain.name}`);
  const exits: Exit[] = [];
  let live: PacketState[] = [start];
  for (const rule of chain.rules) {
    if (live.length === 0) break;
    if (live.length > maxWays) throw new Error(`a packet has more than ${maxWays} ways through chain ${chain.name}`);
    live = live.flatMap((way) => {
      const { matching, passing } = split(rule, way, context.options);
      if (!matching) return passing ? [passing] : [];
      const { stay, leave } = runRule(context, rule, matching, place);
      exits.push(...leave);
      return passing ? [passing, ...stay] : stay;
    });
  }
  return [...exits, ...live.map((way) => ({ way, exit: 'through' as const }))];
};

/** Splits a way into the part that matches a rule and the part that does not. */
const split = (
  rule: Rule,
  way: PacketState,
  options: TraceOptions,
): { matching?: PacketState; passing?: PacketState } => {
  const { chance, unsure, remembered } = judge(rule, way, options);
  const known = unsure.length > 0 ? { ...way, unsure: [...way.unsure, ...unsure] } : way;
  const matching = { ...known, probability: way.probability * chance, remembered: [...way.remembered, ...remembered] };
  return {
    ...(chance > 0 ? { matching } : {}),
    ...(chance < 1 ? { passing: { ...known, probability: way.probability * (1 - chance) } } : {}),
  };
};

/** Applies a rule to a packet that matches: the packet stays in this chain or leaves it. */
const runRule = (
  context: Context,
  rule: Rule,
  way: PacketState,
  place: Place,
): { stay: PacketState[]; leave: Exit[] } => {
  const { target } = rule;
  const step = (effect: string): PacketState => ({
    ...way,
    path: [...way.path, { hook: `${place.table} ${place.hook}`, rule, effect }],
  });
  if (target?.kind === 'return') return { stay: [], leave: [{ way: step('return'), exit: 'through' }] };
  if (target?.kind !== 'jump') {
    const { way: after, done, effect } = applyTarget(target, way, context.options);
    const stepped = { ...after, path: step(effect).path };
    return done ? { stay: [], leave: [{ way: stepped, exit: 'done' }] } : { stay: [stepped], leave: [] };
  }
  const stepped = step(`${target.goto ? 'go' : 'jump'} to ${target.chain}`);
  const chain = context.chains.get(`${place.table} ${target.chain}`);
  if (!chain) return { stay: [stepped], leave: [] };
  const exits = runChain(context, stepped, chain, { ...place, depth: place.depth + 1 });
  if (target.goto) return { stay: [], leave: exits };
  return {
    stay: exits.filter(({ exit }) => exit === 'through').map((exit) => exit.way),
    leave: exits.filter(({ exit }) => exit === 'done'),
  };
};

const toTrace = (way: PacketState): PacketTrace => ({
  fate: way.end?.fate ?? 'accepted',
  way: way.route,
  lands: joinEndpoint(way.to, way.toPort),
  source: way.masquerade ? 'masquerade' : way.from,
  masq: way.masquerade,
  mark: way.mark,
  probability: way.probability,
  ...(way.end?.rejectWith === undefined ? {} : { rejectWith: way.end.rejectWith }),
  path: way.path,
  unsure: way.unsure,
});
