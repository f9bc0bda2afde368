// The rules wanted → what to feed to `iptables-restore`. A first or full sync writes everything; a change only what differs.
//
// Why the order: a packet that is on its way must find the old rules or the new ones, never a hole. Chains that nobody leads to yet
// come first, what leads to them last. Why pieces: with the nf_tables backend the cost of one input grows with its square.
import type { BaseRules, TableName } from './build-base.ts';
import type { PortRules } from './build-service.ts';
import type { SharedRule } from './build-shared.ts';
import type { Existing } from './existing.ts';
import { chain, isServiceChain } from './names.ts';
import { joinTables, TableInput } from './restore.ts';

export interface Step {
  readonly input: string;
  readonly counts: StepCounts;
  /** A failure is no reason to start over: only leftovers stay. */
  readonly optional?: boolean;
}

/** Chains and rules named in an input, by table. */
export interface StepCounts {
  readonly filterChains: number;
  readonly filterRules: number;
  readonly natChains: number;
  readonly natRules: number;
}

/**
 * Service ports per piece, by experiment with iptables 1.8.9. With nf_tables, of 10,000 services, 250 cost the least and 2,000 five times
 * as much. The legacy tool writes its whole table at each call: 5,000 services in pieces of 250 take two and a half times as long as in one.
 */
export const pieceSizes = { nft: 250, legacy: Number.POSITIVE_INFINITY } as const;

/** The chains in which every service port has its line. */
const sharedChains: Readonly<Record<TableName, readonly string[]>> = {
  mangle: [],
  filter: [chain.externalServices, chain.nodePorts, chain.proxyFirewall, chain.services],
  nat: [chain.nodePorts, chain.services],
};

/**
 * Writes all chains of ours anew, whatever is in them now, and deletes those of services that are gone. Foreign rules stay.
 * The steps must be taken in order; each is made when it is asked for, as together they are large.
 */
export function* planFull(
  base: BaseRules,
  ports: readonly PortRules[],
  existing: Existing,
  pieceSize: number = pieceSizes.nft,
): Generator<Step> {
  // Nothing leads to KUBE-SERVICES yet: it can grow with the pieces. Otherwise it must change in one step, the last.
  const fresh = !existing.chains.get('nat')?.has(chain.services);
  const pieces = splitPieces(ports, pieceSize);
  for (const [index, piece] of pieces.entries()) {
    const [mangle, filter, nat] = [new TableInput('mangle'), new TableInput('filter'), new TableInput('nat')];
    const tables = { mangle, filter, nat };
    if (index === 0) {
      for (const { table, name, rules } of base.chains) {
        // Where nothing of ours belongs, nothing is emptied: in KUBE-FIREWALL the kubelet may have its rule.
        if (rules.length > 0 || !existing.chains.get(table)?.has(name)) tables[table].chain(name, rules);
      }
      addRefusals(filter, ports, existing);
      if (fresh) writeShared(nat, []);
    }
    for (const { chains } of piece) for (const [name, rules] of chains) nat.chain(name, rules);
    if (fresh)
      for (const rule of piece.flatMap(({ shared }) => shared))
        if (rule.table === 'nat') nat.append(rule.chain, rule.text);
    if (index === pieces.length - 1) {
      if (!fresh) writeShared(nat, ports);
      for (const text of base.servicesTail) nat.append(chain.services, text);
      writeJumps(nat, base, existing);
    }
    if (index === 0) writeJumps(filter, base, existing);
    const used = [mangle, filter, nat].filter(({ empty }) => !empty);
    // Refusals of before hold until the ways are open.
    if (index === pieces.length - 1 && existing.chains.get('filter')?.has(chain.services)) {
      used.push(writeShared(new TableInput('filter'), ports));
    }
    yield { input: joinTables(used), counts: count(used) };
  }
  const leftovers = planLeftovers(ports, existing);
  if (leftovers) yield leftovers;
}

/**
 * From the rules in the kernel to the rules wanted, for the service ports that changed.
 * @param changes for each, its rules before and after; absent: it had or has none
 * @returns undefined when nothing differs
 */
export const planChange = (
  changes: Iterable<{ readonly before: PortRules | undefined; readonly after: PortRules | undefined }>,
): Step | undefined => {
  const refuse = new TableInput('filter');
  const nat = new TableInput('nat');
  const admit = new TableInput('filter');
  for (const { before, after } of changes) {
    const old = before?.chains ?? new Map<string, readonly string[]>();
    const wanted = after?.chains ?? new Map<string, readonly string[]>();
    for (const [name, rules] of wanted) if (!sameTexts(old.get(name), rules)) nat.chain(name, rules);
    for (const name of old.keys()) if (!wanted.has(name)) nat.removeChain(name);
    const { added, removed } = differ(before?.shared ?? [], after?.shared ?? []);
    for (const rule of added) addShared(rule.table === 'nat' ? nat : refuse, rule);
    for (const rule of removed) (rule.table === 'nat' ? nat : admit).remove(rule.chain, rule.text);
  }
  // New refusals come before a service's way is taken away, old ones go after it was opened.
  const tables = [refuse, nat, admit].filter(({ empty }) => !empty);
  return tables.length === 0 ? undefined : { input: joinTables(tables), counts: count(tables) };
};

const splitPieces = (ports: readonly PortRules[], size: number): PortRules[][] => {
  const pieces: PortRules[][] = [];
  for (let start = 0; start < ports.length; start += size) pieces.push(ports.slice(start, start + size));
  return pieces.length > 0 ? pieces : [[]];
};

/** The chains of a table that service ports share, with their lines. */
const writeShared = (input: TableInput, ports: readonly PortRules[]): TableInput => {
  for (const [name, texts] of sharedLines(input.table, ports)) input.chain(name, texts);
  return input;
};

/** New refusals beside those that are there, which may be the same: nobody is let through before nat knows where to. */
const addRefusals = (filter: TableInput, ports: readonly PortRules[], { chains }: Existing): void => {
  for (const [name, texts] of sharedLines('filter', ports)) {
    if (chains.get('filter')?.has(name)) for (const text of texts) filter.append(name, text);
    else filter.chain(name, texts);
  }
};

const sharedLines = (table: TableName, ports: readonly PortRules[]): Map<string, string[]> => {
  const lines = new Map(sharedChains[table].map((name): [string, string[]] => [name, []]));
  for (const rule of ports.flatMap(({ shared }) => shared)) {
    if (rule.table === table) lines.get(rule.chain)?.push(rule.text);
  }
  return lines;
};

/** Missing jumps go to the front of their chain, in their own order. */
const writeJumps = (input: TableInput, { jumps }: BaseRules, { builtinRules }: Existing): void => {
  for (const { table, chain: from, text } of jumps.toReversed()) {
    if (table === input.table && !builtinRules.includes(`${table} ${from} ${text}`)) input.insert(from, text);
  }
};

/** Chains of services and endpoints that are gone. By now nothing of ours leads to them. */
const planLeftovers = (ports: readonly PortRules[], { chains }: Existing): Step | undefined => {
  const wanted = new Set(ports.flatMap((port) => [...port.chains.keys()]));
  const nat = new TableInput('nat');
  for (const name of chains.get('nat') ?? []) if (isServiceChain(name) && !wanted.has(name)) nat.removeChain(name);
  return nat.empty ? undefined : { input: String(nat), counts: count([nat]), optional: true };
};

/** nat's KUBE-SERVICES ends with the node ports: new lines go to its front. Elsewhere the order is of no matter. */
const addShared = (input: TableInput, { table, chain: name, text }: SharedRule): void => {
  if (table === 'nat' && name === chain.services) input.insert(name, text);
  else input.append(name, text);
};

const differ = (
  before: readonly SharedRule[],
  after: readonly SharedRule[],
): { added: SharedRule[]; removed: SharedRule[] } => {
  const keyed = (rules: readonly SharedRule[]): Map<string, SharedRule> =>
    new Map(rules.map((rule) => [`${rule.table} ${rule.chain} ${rule.text}`, rule]));
  const [old, wanted] = [keyed(before), keyed(after)];
  return {
    added: [...wanted].flatMap(([key, rule]) => (old.has(key) ? [] : [rule])),
    removed: [...old].flatMap(([key, rule]) => (wanted.has(key) ? [] : [rule])),
  };
};

const sameTexts = (a: readonly string[] | undefined, b: readonly string[]): boolean =>
  a !== undefined && a.length === b.length && a.every((text, index) => text === b[index]);

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
