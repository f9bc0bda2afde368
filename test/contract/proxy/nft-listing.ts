// Parses the output of `nft list ruleset`, and shows what it does with packets regardless of chain names.
import type { FakeTable } from '../../support/proxy/nftables/fake-nft.ts';

/** @param name e.g. `ip kube-proxy` */
export const parseListing = (listing: string, name: string): FakeTable => {
  const table: FakeTable = { comment: '', sets: new Map(), chains: new Map() };
  const section = listing.split(/^(?=table )/m).find((text) => text.startsWith(`table ${name} {`)) ?? '';
  const blocks = section.replace(/,\n\s+/g, ', ').matchAll(/^\t(set|map|chain) (\S+) \{\n(.*?)\n?\t\}$/gms);
  for (const [, kind = '', object = '', body = ''] of blocks) {
    const lines = body.split('\n').map((line) => line.trim());
    if (kind === 'chain') {
      const hook = lines.filter((line) => line.startsWith('type '));
      const rules = lines.filter((line) => line !== '' && !/^(type|comment) /.test(line));
      table.chains.set(object, { hook: hook.map(inNumbers).join(), rules });
      continue;
    }
    const elements = /^elements = \{ (.*) \}$/m.exec(lines.join('\n'))?.[1]?.split(', ') ?? [];
    const keyed = elements.map((text) => [text.replace(/ (comment|:) .*/, ''), text] as const);
    const spec = lines.filter((line) => !/^(elements|comment) /.test(line)).join('; ');
    table.sets.set(object, { kind, spec, elements: new Map(keyed) });
  }
  return table;
};

const priorities: Readonly<Record<string, number>> = { dstnat: -100, filter: 0, srcnat: 100 };

/** Writes the priority as a number: only some versions of nft print words such as `dstnat - 10`. */
const inNumbers = (hook: string): string =>
  hook.replace(/priority (\w+)(?: ([-+]) (\d+))?;/, (_, word: string, sign: string | undefined, offset = '0') => {
    return `priority ${(priorities[word] ?? Number(word)) + Number(`${sign ?? ''}${offset}`)};`;
  });

export const keysOf = (table: FakeTable, ...sets: readonly string[]): string[] =>
  sets.flatMap((set) => [...(table.sets.get(set)?.elements.keys() ?? [])]).sort();

/**
 * The verdicts of a map, unfolded: chains into rules, endpoint maps into endpoints, client sets into their properties.
 */
export const verdictsOf = (table: FakeTable, map: string): Record<string, unknown> =>
  Object.fromEntries(
    [...(table.sets.get(map)?.elements ?? [])]
      .map(([key, text]) => [key, unfold(table, / : (.*)$/.exec(text)?.[1] ?? '', key)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const unfold = (table: FakeTable, verdict: string, key: string): unknown => {
  const [, chain] = /^goto (\S+)$/.exec(verdict) ?? [];
  if (chain === undefined) return verdict;
  const found = table.chains.get(chain);
  if (!found) throw new Error(`no chain ${chain} in the listing`);
  return found.rules.map((rule) => unfoldRule(table, rule, key));
};

const unfoldRule = (table: FakeTable, rule: string, key: string): unknown => {
  const clients = /@((?:clients|affinity)-\S+)/;
  const text = rule
    .replace(/ comment ".*"$/, '')
    .replace(clients, (_, name: string) => `@clients (${table.sets.get(name)?.spec})`);
  const [, count = '0', map] = /numgen random mod (\d+) map @(\S+)$/.exec(text) ?? [];
  if (map !== undefined) {
    const elements = table.sets.get(map)?.elements;
    // An endpoint map has one protocol, so its keys do not contain the protocol.
    const front = key.replace(/(^| )(tcp|udp|sctp) \. /, '$1');
    const number = (_: unknown, index: number) => elements?.get(`${front} . ${index}`)?.replace(/^.* : /, '');
    return oneOf(Array.from({ length: Number(count) }, number));
  }
  const [, among] = /numgen random mod \d+ v?map \{ (.*) \}$/.exec(text) ?? [];
  if (among !== undefined) {
    return oneOf(among.split(', ').map((way) => unfold(table, way.replace(/^\d+ : /, ''), key)));
  }
  const [, match, target] = /^(.*)goto (\S+)$/.exec(text) ?? [];
  return target === undefined ? text : [match, unfold(table, `goto ${target}`, key)];
};

/** Alternatives of equal probability, sorted because their order has no meaning. */
const oneOf = (ways: readonly unknown[]): unknown[] => [
  'one of',
  ...ways.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
];
