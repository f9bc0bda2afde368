// What distinguishes two rule sets of iptables, in structure. Counters, comment lines and empty tables do not count.
import type { Chain, Rule, Table } from './model.ts';
import { parseRuleset } from './parse.ts';
import { matchOf } from './query.ts';
import { renderRule } from './render.ts';

export interface Change {
  /** `moved`: the same rule at another place in its chain, where the order may matter. */
  readonly how: 'added' | 'missing' | 'moved' | 'changed';
  /** `iptables`, `iptables-legacy`, `nft`, … */
  readonly tool: string;
  /** `filter`; of nft `inet filter`; of a set its name. */
  readonly table: string;
  /** The rule, or `chain X`, `policy DROP of FORWARD`, … */
  readonly text: string;
  /** Of iptables. */
  readonly rule?: Rule;
  /** A command that takes away what was added. */
  readonly remedy?: string;
}

/** @throws RulesetError if a text is not what the tool prints */
export const compareIptables = (tool: string, own: string, wanted: string): readonly Change[] => {
  const [is, should] = [own, wanted].map((text) => chainsOf(parseRuleset(text).tables)) as [Chains, Chains];
  return [...new Set([...is.keys(), ...should.keys()])].flatMap((key) => {
    const [table = '', name = ''] = key.split(' ');
    const describe = compareChain({ tool, table }, is.get(key), should.get(key));
    return describe(name);
  });
};

type Chains = ReadonlyMap<string, Chain>;
type Where = Pick<Change, 'tool' | 'table'>;

/** A built-in chain that does nothing is there in one kernel and not in another, once somebody has listed its table. */
const chainsOf = (tables: readonly Table[]): Chains =>
  new Map(
    tables.flatMap(({ name, chains }) =>
      chains
        .filter(({ policy, rules }) => policy !== 'ACCEPT' || rules.length > 0)
        .map((chain) => [`${name} ${chain.name}`, chain] as const),
    ),
  );

const compareChain =
  (where: Where, own: Chain | undefined, wanted: Chain | undefined) =>
  (name: string): readonly Change[] => {
    const [is, should] = [own?.rules ?? [], wanted?.rules ?? []];
    const extra = without(is, should);
    const lacking = without(should, is);
    const kept = is.filter((rule) => !extra.includes(rule));
    const moved = firstMoved(
      kept,
      should.filter((rule) => !lacking.includes(rule)),
      orderKeys,
    );
    return [
      ...compareDeclarations(where, name, own, wanted),
      ...extra.map((rule) => ({
        ...({ ...where, how: 'added', text: renderRule(rule), rule } as const),
        remedy: `${where.tool} -t ${where.table} -D ${rule.chain} ${rule.position}`,
      })),
      ...lacking.map((rule) => ({ ...where, how: 'missing', text: renderRule(rule), rule }) as const),
      ...(moved ? [{ ...where, how: 'moved', text: renderRule(moved), rule: moved } as const] : []),
    ];
  };

const compareDeclarations = (
  where: Where,
  name: string,
  own: Chain | undefined,
  wanted: Chain | undefined,
): readonly Change[] => {
  const [is, should] = [own, wanted].map((chain) => chain?.policy ?? '');
  if (is === should) return [];
  if (is === '-') return [{ ...where, how: 'added', text: `chain ${name}` }];
  if (should === '-') return [{ ...where, how: 'missing', text: `chain ${name}` }];
  // An absent built-in chain is one that does nothing.
  if ((is || 'ACCEPT') === (should || 'ACCEPT')) return [];
  return [
    {
      ...{ ...where, how: 'changed', text: `policy ${is || 'ACCEPT'} of ${name}` },
      remedy: `${where.tool} -t ${where.table} -P ${name} ${should || 'ACCEPT'}`,
    },
  ];
};

/** The rules of one list that the other has not, or not as often. */
const without = (rules: readonly Rule[], others: readonly Rule[]): readonly Rule[] => {
  const left = new Map<string, number>();
  for (const rule of others) left.set(renderRule(rule), (left.get(renderRule(rule)) ?? 0) + 1);
  return rules.filter((rule) => {
    const count = left.get(renderRule(rule)) ?? 0;
    left.set(renderRule(rule), count - 1);
    return count <= 0;
  });
};

type OrderKey = (rule: Rule) => string | undefined;

/** Rules with different keys never match the same packet, so their order does not matter. */
const orderKeys: readonly OrderKey[] = [
  (rule) => {
    const ports = matchOf(rule, 'ports');
    const { dport } = ports ?? {};
    return dport && !dport.negated && dport.first === dport.last ? `${ports?.protocol} ${dport.first}` : undefined;
  },
  (rule) => {
    const destination = matchOf(rule, 'destination');
    return destination && !destination.negated && /\/(32|128)$/.test(destination.cidr) ? destination.cidr : undefined;
  },
];

/** The first rule at another place. Both lists have the same rules. */
const firstMoved = (
  own: readonly Rule[],
  wanted: readonly Rule[],
  [key, ...rest]: readonly OrderKey[],
): Rule | undefined => {
  if (!key) return own.find((rule, index) => !isSame(rule, wanted[index]));
  const [is, should] = [segmentsOf(own, key), segmentsOf(wanted, key)];
  for (const [index, { groups, end }] of is.entries()) {
    const other = should[index];
    if (!other) return end ?? [...groups.values()][0]?.[0];
    for (const [name, rules] of groups) {
      const same = other.groups.get(name) ?? [];
      // The rule between the segments has moved.
      if (same.length !== rules.length) return end ?? other.end ?? rules[0];
      const moved = firstMoved(rules, same, rest);
      if (moved) return moved;
    }
    if (end && !isSame(end, other.end)) return end;
  }
  return undefined;
};

const isSame = (one: Rule, other: Rule | undefined): boolean =>
  other !== undefined && renderRule(one) === renderRule(other);

interface Segment {
  readonly groups: Map<string, Rule[]>;
  /** The rule without a key that ends the segment. */
  end?: Rule;
}

const segmentsOf = (rules: readonly Rule[], key: OrderKey): readonly Segment[] => {
  let open: Segment = { groups: new Map() };
  const segments = [open];
  for (const rule of rules) {
    const name = key(rule);
    if (name === undefined) {
      open.end = rule;
      open = { groups: new Map() };
      segments.push(open);
    } else open.groups.set(name, [...(open.groups.get(name) ?? []), rule]);
  }
  return segments;
};
