// The rules wanted → the input of `iptables-restore`. A first or full sync writes everything; a change writes only what
// differs.
//
// Order: each packet must find either the old rules or the new ones. So a chain is written before the rules that lead
// to it.
import { type Existing, listedAs } from '../xtables/existing.ts';
import { insertMissing, joinTables, TableInput } from '../xtables/restore.ts';
import { type PlacedRule, type Rule, sameRules, type TableName } from '../xtables/rule.ts';
import type { BaseRules } from './build-base.ts';
import type { PortRules } from './build-port.ts';
import type { SharedRule } from './build-shared.ts';
import { chain, isServiceChain } from './names.ts';

export interface Step {
  readonly input: string;
  readonly counts: StepCounts;
  /** The step only removes leftovers. If it fails, the sync still counts as done. */
  readonly optional?: boolean;
}

/** Number of chains and rules in an input, by table. */
export interface StepCounts {
  readonly filterChains: number;
  readonly filterRules: number;
  readonly natChains: number;
  readonly natRules: number;
}

/** The most that one input may hold. */
export interface PieceSize {
  readonly ports: number;
  /** Chains and rules. */
  readonly lines: number;
}

const unlimited = Number.POSITIVE_INFINITY;

/**
 * - `nft`: with nf_tables the cost of one input grows with its square (iptables 1.8.9). 10,000 services in pieces of
 *   2,000 take five times as long as in pieces of 250.
 * - `confined`: in a user namespace, the kernel takes no message longer than net.core.wmem_default, 208 KiB, and a line
 *   needs half a KiB (socket(7), SO_SNDBUFFORCE). A long shared chain then grows step by step, also when replaced.
 * - `legacy`: the tool writes its whole table at each call, so one piece is best.
 */
export const pieceSizes = {
  nft: { ports: 250, lines: unlimited },
  confined: { ports: 250, lines: 200 },
  legacy: { ports: unlimited, lines: unlimited },
} as const satisfies Record<string, PieceSize>;

/** The chains that all service ports share. */
const sharedChains: Readonly<Record<TableName, readonly string[]>> = {
  mangle: [],
  filter: [chain.externalServices, chain.nodePorts, chain.proxyFirewall, chain.services],
  nat: [chain.nodePorts, chain.services],
};

/**
 * Writes all chains of this mode anew, whatever is in them now, and deletes those of services that are gone. Foreign
 * rules stay. The steps must be taken in order. Each is made when it is asked for, because all inputs together are
 * large.
 */
export function* planFull(
  base: BaseRules,
  ports: readonly PortRules[],
  existing: Existing,
  size: PieceSize = pieceSizes.nft,
): Generator<Step> {
  // Without KUBE-SERVICES no packet enters yet, so the chain can grow with each piece. Otherwise it is replaced in the
  // last piece.
  const fresh = !existing.chains.get('nat')?.has(chain.services);
  const pieces = piecesOf(ports, size, linesOf);
  for (const [index, piece] of pieces.entries()) {
    const tables = { mangle: new TableInput('mangle'), filter: new TableInput('filter'), nat: new TableInput('nat') };
    const { mangle, filter, nat } = tables;
    const isLast = index === pieces.length - 1;
    if (index === 0) {
      writeBaseChains(tables, base, existing);
      addRefusals(filter, ports, existing);
      if (fresh) writeShared(nat, []);
    }
    for (const { chains } of piece) for (const [name, rules] of chains) nat.chain(name, rules);
    if (fresh) {
      for (const { table, chain: name, rule } of piece.flatMap(({ shared }) => shared)) {
        if (table === 'nat') nat.append(name, rule);
      }
    }
    if (index === 0) insertMissing(filter, base.jumps, existing);
    if (!isLast) {
      yield stepOf([mangle, filter, nat]);
      continue;
    }
    const shared = fresh ? [] : natRules(ports);
    // Otherwise the last piece and the shared chains are one step.
    const isLong = shared.length > 0 && piece.reduce((sum, port) => sum + linesOf(port), shared.length) > size.lines;
    if (isLong) yield stepOf([mangle, filter, nat]);
    const [first = [], ...rest] = isLong ? piecesOf(shared, { ports: size.lines, lines: size.lines }) : [shared];
    const start = isLong ? new TableInput('nat') : nat;
    if (!fresh) writeShared(start, [{ ...noRules, shared: first }]);
    const inputs = [start, ...rest.map(appended)];
    const end = inputs.at(-1) ?? start;
    for (const rule of base.servicesTail) end.append(chain.services, rule);
    insertMissing(end, base.jumps, existing);
    for (const input of inputs) {
      // Old refusals stay until table nat leads to the endpoints.
      const admits = input === end && existing.chains.get('filter')?.has(chain.services);
      yield stepOf([
        ...(isLong ? [] : [mangle, filter]),
        input,
        ...(admits ? [writeShared(new TableInput('filter'), ports)] : []),
      ]);
    }
  }
  yield* planLeftovers(ports, existing, size);
}

const stepOf = (tables: readonly TableInput[]): Step => {
  const used = tables.filter(({ empty }) => !empty);
  return { input: joinTables(used), counts: count(used) };
};

const appended = (rules: readonly SharedRule[]): TableInput => {
  const nat = new TableInput('nat');
  for (const { chain: name, rule } of rules) nat.append(name, rule);
  return nat;
};

const natRules = (ports: readonly PortRules[]): readonly SharedRule[] =>
  ports.flatMap(({ shared }) => shared).filter(({ table }) => table === 'nat');

/** The rules of a service port before and after; undefined: none. */
export interface PortChange {
  readonly before: PortRules | undefined;
  readonly after: PortRules | undefined;
}

/** As `planChange`, in as many steps as the size needs. */
export const planChanges = (changes: readonly PortChange[], { lines }: PieceSize): readonly Step[] =>
  piecesOf(changes, { ports: unlimited, lines }, ({ before, after }) => linesOf(before) + linesOf(after)).flatMap(
    (piece) => planChange(piece) ?? [],
  );

/**
 * From the rules in the kernel to the rules wanted, for the service ports that changed.
 * @returns undefined when nothing differs
 */
export const planChange = (changes: Iterable<PortChange>): Step | undefined => {
  const refuse = new TableInput('filter');
  const nat = new TableInput('nat');
  const admit = new TableInput('filter');
  for (const { before = noRules, after = noRules } of changes) {
    for (const [name, rules] of after.chains) {
      const old = before.chains.get(name);
      if (!old || !sameRules(old, rules)) nat.chain(name, rules);
    }
    for (const name of before.chains.keys()) if (!after.chains.has(name)) nat.removeChain(name);
    const { added, removed } = differ(before.shared, after.shared);
    for (const rule of added) addShared(rule.table === 'nat' ? nat : refuse, rule);
    for (const { table, chain: name, rule } of removed) (table === 'nat' ? nat : admit).remove(name, rule);
  }
  // New refusals are written before a service's jumps go, old refusals are removed after the jumps are there.
  const tables = [refuse, nat, admit].filter(({ empty }) => !empty);
  return tables.length === 0 ? undefined : { input: joinTables(tables), counts: count(tables) };
};

const noRules: PortRules = { chains: new Map<string, readonly Rule[]>(), shared: [] };

/** How many lines of an input a service port needs. */
const linesOf = ({ chains, shared }: PortRules = noRules): number =>
  [...chains.values()].reduce((total, rules) => total + rules.length + 1, shared.length);

/** At least one piece, and in each piece at least one item: what is longer than a piece stays whole. */
const piecesOf = <T>(items: readonly T[], size: PieceSize, weight: (item: T) => number = () => 1): T[][] => {
  const pieces: T[][] = [[]];
  let lines = 0;
  for (const item of items) {
    const last = pieces.at(-1) ?? [];
    lines += weight(item);
    if (last.length > 0 && (last.length >= size.ports || lines > size.lines)) {
      pieces.push([item]);
      lines = weight(item);
    } else last.push(item);
  }
  return pieces;
};

/** An existing chain without rules of this mode is left as it is: the kubelet may have a rule in KUBE-FIREWALL. */
const writeBaseChains = (
  tables: Readonly<Record<TableName, TableInput>>,
  base: BaseRules,
  { chains }: Existing,
): void => {
  for (const { table, name, rules } of base.chains) {
    if (rules.length > 0 || !chains.get(table)?.has(name)) tables[table].chain(name, rules);
  }
};

/** Writes the shared chains of one table with their rules. */
const writeShared = (input: TableInput, ports: readonly PortRules[]): TableInput => {
  for (const [name, rules] of sharedRules(input.table, ports)) input.chain(name, rules);
  return input;
};

/** Adds new refusals and keeps those in the kernel, until table nat is written. A refusal may then be there twice. */
const addRefusals = (filter: TableInput, ports: readonly PortRules[], { chains }: Existing): void => {
  for (const [name, rules] of sharedRules('filter', ports)) {
    if (chains.get('filter')?.has(name)) for (const rule of rules) filter.append(name, rule);
    else filter.chain(name, rules);
  }
};

const sharedRules = (table: TableName, ports: readonly PortRules[]): Map<string, Rule[]> => {
  const rules = new Map(sharedChains[table].map((name): [string, Rule[]] => [name, []]));
  for (const placed of ports.flatMap(({ shared }) => shared)) {
    if (placed.table === table) rules.get(placed.chain)?.push(placed.rule);
  }
  return rules;
};

/** Deletes the chains of services and endpoints that are gone. At this point no rule of kube-proxy leads to them. */
function* planLeftovers(ports: readonly PortRules[], { chains }: Existing, { lines }: PieceSize): Generator<Step> {
  const wanted = new Set(ports.flatMap((port) => [...port.chains.keys()]));
  // A chain is emptied before those that it leads to are deleted. Those of endpoints come last.
  const gone = [...(chains.get('nat') ?? [])]
    .filter((name) => isServiceChain(name) && !wanted.has(name))
    .sort((one, other) => depthOf(one) - depthOf(other));
  for (const names of piecesOf(gone, { ports: unlimited, lines })) {
    const nat = new TableInput('nat');
    for (const name of names) nat.removeChain(name);
    if (!nat.empty) yield { ...stepOf([nat]), optional: true };
  }
}

/** KUBE-FW leads to KUBE-EXT, which leads to KUBE-SVC or KUBE-SVL, and those to KUBE-SEP. */
const depthOf = (name: string): number =>
  ['KUBE-FW', 'KUBE-EXT', 'KUBE-SV', 'KUBE-SEP'].findIndex((start) => name.startsWith(start));

/**
 * nat's KUBE-SERVICES must end with the node ports, so new rules go to its front. In the other chains the order has no
 * effect.
 */
const addShared = (input: TableInput, { table, chain: name, rule }: PlacedRule): void => {
  if (table === 'nat' && name === chain.services) input.insert(name, rule);
  else input.append(name, rule);
};

const differ = (
  before: readonly PlacedRule[],
  after: readonly PlacedRule[],
): { added: PlacedRule[]; removed: PlacedRule[] } => {
  const keyed = (rules: readonly PlacedRule[]) => new Map(rules.map((rule) => [listedAs(rule), rule]));
  const [old, wanted] = [keyed(before), keyed(after)];
  return {
    added: [...wanted].flatMap(([key, rule]) => (old.has(key) ? [] : [rule])),
    removed: [...old].flatMap(([key, rule]) => (wanted.has(key) ? [] : [rule])),
  };
};

const count = (tables: readonly TableInput[]): StepCounts => {
  const sum = (table: TableName, of: (input: TableInput) => number): number =>
    tables.filter((input) => input.table === table).reduce((total, input) => total + of(input), 0);
  return {
    filterChains: sum('filter', ({ chainCount }) => chainCount),
    filterRules: sum('filter', ({ ruleCount }) => ruleCount),
    natChains: sum('nat', ({ chainCount }) => chainCount),
    natRules: sum('nat', ({ ruleCount }) => ruleCount),
  };
};
