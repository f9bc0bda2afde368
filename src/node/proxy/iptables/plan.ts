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

/**
 * Service ports per piece of a first sync (iptables 1.8.9). With nf_tables the cost of one input grows with its square:
 * 10,000 services in pieces of 2,000 take five times as long as in pieces of 250. The legacy tool writes its whole
 * table at each call, so one piece is best.
 */
export const pieceSizes = { nft: 250, legacy: Number.POSITIVE_INFINITY } as const;

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
  pieceSize: number = pieceSizes.nft,
): Generator<Step> {
  // Without KUBE-SERVICES no packet enters yet, so the chain can grow with each piece. Otherwise it is replaced in the
  // last piece.
  const fresh = !existing.chains.get('nat')?.has(chain.services);
  const pieces = splitPieces(ports, pieceSize);
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
    if (isLast) {
      if (!fresh) writeShared(nat, ports);
      for (const rule of base.servicesTail) nat.append(chain.services, rule);
      insertMissing(nat, base.jumps, existing);
    }
    if (index === 0) insertMissing(filter, base.jumps, existing);
    const used = [mangle, filter, nat].filter(({ empty }) => !empty);
    // Old refusals stay until table nat leads to the endpoints.
    if (isLast && existing.chains.get('filter')?.has(chain.services)) {
      used.push(writeShared(new TableInput('filter'), ports));
    }
    yield { input: joinTables(used), counts: count(used) };
  }
  const leftovers = planLeftovers(ports, existing);
  if (leftovers) yield leftovers;
}

/**
 * From the rules in the kernel to the rules wanted, for the service ports that changed.
 * @param changes the rules of each service port before and after; undefined: none
 * @returns undefined when nothing differs
 */
export const planChange = (
  changes: Iterable<{ readonly before: PortRules | undefined; readonly after: PortRules | undefined }>,
): Step | undefined => {
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

const splitPieces = (ports: readonly PortRules[], size: number): PortRules[][] => {
  const pieces: PortRules[][] = [];
  for (let start = 0; start < ports.length; start += size) pieces.push(ports.slice(start, start + size));
  return pieces.length > 0 ? pieces : [[]];
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
const planLeftovers = (ports: readonly PortRules[], { chains }: Existing): Step | undefined => {
  const wanted = new Set(ports.flatMap((port) => [...port.chains.keys()]));
  const nat = new TableInput('nat');
  for (const name of chains.get('nat') ?? []) if (isServiceChain(name) && !wanted.has(name)) nat.removeChain(name);
  return nat.empty ? undefined : { input: String(nat), counts: count([nat]), optional: true };
};

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
