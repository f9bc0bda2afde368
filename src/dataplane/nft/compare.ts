// What distinguishes two listings of nft, in structure. Handles, counters and what sets have learned do not count.
import type { Change } from '../compare.ts';
import { json } from '../node/json.ts';
import { ruleText } from './text.ts';

/** @param own what `nft -j list ruleset` prints @throws SyntaxError */
export const compareNft = (own: string, wanted: string): readonly Change[] => {
  const [is, should] = [own, wanted].map(tablesOf) as [Tables, Tables];
  return [...new Set([...is.keys(), ...should.keys()])].flatMap((table): readonly Change[] => {
    const [mine, theirs] = [is.get(table), should.get(table)];
    if (mine && !theirs)
      return isIdle(mine, table)
        ? []
        : [{ how: 'added', tool: 'nft', table, text: `table ${table}`, remedy: `nft delete table ${table}` }];
    if (theirs && !mine)
      return isIdle(theirs, table) ? [] : [{ how: 'missing', tool: 'nft', table, text: `table ${table}` }];
    return mine && theirs ? compareTable(table, reached(mine), reached(theirs)) : [];
  });
};

interface Part {
  readonly kind: string;
  /** How messages call it. */
  readonly text: string;
  /** Equal for equal parts. */
  readonly mark: string;
  /** Of a chain, a set or a map. */
  readonly name?: string;
  /** Of a rule: its chain. */
  readonly chain?: string;
  /** A chain that the kernel itself asks. */
  readonly isBase?: boolean;
  readonly isIdle: boolean;
}

type Tables = ReadonlyMap<string, readonly Part[]>;

/** Of iptables. Its empty built-in chains are there in one kernel and not in another. */
const isStandard = (table: string): boolean => /^ip6? (raw|mangle|nat|filter|security)$/.test(table);
const isIdle = (parts: readonly Part[], table: string): boolean =>
  isStandard(table) && parts.every((part) => part.isIdle);

const tablesOf = (text: string): Tables => {
  const list = text.trim() === '' ? [] : ((JSON.parse(text) as { nftables?: unknown[] }).nftables ?? []);
  const tables = new Map<string, Part[]>();
  for (const object of list) {
    const [kind = '', value] = Object.entries(json.object(object))[0] ?? [];
    if (kind === 'metainfo') continue;
    const fields = json.object(value);
    const table = `${json.text(fields.family)} ${json.text(kind === 'table' ? fields.name : fields.table)}`;
    const parts = tables.get(table) ?? [];
    tables.set(table, parts);
    if (kind === 'table') {
      // A flag can make a table dormant.
      if (fields.flags !== undefined) parts.push(partOf('flags', String(fields.flags), fields.flags));
    } else parts.push(describe(kind, fields));
  }
  return tables;
};

/**
 * Without chains, sets and maps that no packet comes to, and their rules: kube-proxy leaves such chains for a while. A
 * rule and an element name the chains and sets that they lead to.
 */
const reached = (parts: readonly Part[]): readonly Part[] => {
  const byName = Map.groupBy(parts, ({ name, chain }) => name ?? chain ?? '');
  const seen = new Set<string>();
  const visit = (names: readonly string[]): void => {
    for (const each of names) {
      if (seen.has(each)) continue;
      seen.add(each);
      for (const { mark } of byName.get(each) ?? [])
        visit([...mark.matchAll(/"target":"([^"]+)"|"@([^"]+)"/g)].map(([, target, set]) => target ?? set ?? ''));
    }
  };
  visit(parts.flatMap(({ isBase, name = '' }) => (isBase ? [name] : [])));
  return parts.filter(({ name, chain }) => (name ?? chain) === undefined || seen.has(name ?? chain ?? ''));
};

const partOf = (kind: string, text: string, content: unknown, more: Partial<Part> = {}): Part => ({
  ...{ kind, text, isIdle: false },
  ...more,
  mark: JSON.stringify([kind, text, content]),
});

const describe = (kind: string, { family: _, table: __, handle: ___, ...fields }: Record<string, unknown>): Part => {
  if (kind === 'rule') {
    const chain = json.text(fields.chain);
    const statements = withoutCounts(fields.expr);
    const text = `${chain} ${ruleText(Array.isArray(statements) ? statements : [])}`;
    return partOf(kind, text, [statements, fields.comment], { chain });
  }
  const name = json.text(fields.name);
  if (kind === 'chain')
    return partOf(kind, `chain ${name}`, fields, {
      name,
      isBase: fields.hook !== undefined,
      isIdle: fields.policy === 'accept',
    });
  if (kind === 'set' || kind === 'map') {
    const { elem, ...rest } = fields;
    const learned = [fields.flags].flat().includes('dynamic');
    const elements =
      learned || !Array.isArray(elem) ? [] : elem.map((each) => JSON.stringify(withoutCounts(each))).sort();
    return partOf(kind, `${kind} ${name}`, [rest, elements], { name });
  }
  return partOf(kind, `${kind} ${name}`, kind === 'counter' ? undefined : fields);
};

const withoutCounts = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (key, inner) =>
      key === 'counter' && typeof inner === 'object' ? null : key === 'handle' || key === 'expires' ? undefined : inner,
    ),
  );

const compareTable = (table: string, own: readonly Part[], wanted: readonly Part[]): readonly Change[] => {
  const where = { tool: 'nft', table } as const;
  const counts = (part: Part): boolean => !(part.isIdle && isStandard(table));
  const [extra, lacking] = [without(own, wanted).filter(counts), without(wanted, own).filter(counts)];
  /** A part that both have, but with another content. */
  const twinOf = ({ kind, text }: Part, others: readonly Part[]): boolean =>
    kind !== 'rule' && others.some((other) => other.kind === kind && other.text === text);
  return [
    ...extra.map((part): Change => ({ ...where, how: twinOf(part, wanted) ? 'changed' : 'added', text: part.text })),
    ...lacking.filter((part) => !twinOf(part, own)).map(({ text }): Change => ({ ...where, how: 'missing', text })),
    ...(extra.length + lacking.length === 0 ? movedRules(where, own, wanted) : []),
  ];
};

const without = (parts: readonly Part[], others: readonly Part[]): readonly Part[] => {
  const left = new Map<string, number>();
  for (const { mark } of others) left.set(mark, (left.get(mark) ?? 0) + 1);
  return parts.filter(({ mark }) => {
    const count = left.get(mark) ?? 0;
    left.set(mark, count - 1);
    return count <= 0;
  });
};

/** Tables of iptables are left out: their rules are compared in the words of iptables, which tell if it matters. */
const movedRules = (where: Pick<Change, 'tool' | 'table'>, own: readonly Part[], wanted: readonly Part[]): Change[] => {
  if (own.some(({ mark }) => mark.includes('"xt":'))) return [];
  const byChain = (parts: readonly Part[]) =>
    Map.groupBy(
      parts.filter(({ kind }) => kind === 'rule'),
      ({ chain }) => chain,
    );
  const others = byChain(wanted);
  return [...byChain(own)].flatMap(([chain, rules]) => {
    const moved = rules.find(({ mark }, index) => mark !== others.get(chain)?.[index]?.mark);
    return moved ? [{ ...where, how: 'moved', text: moved.text } as const] : [];
  });
};
