// What decides where packets go, as lines that can be compared: for `labs diff`.
import type { NamespaceTexts } from '../../api/dataplane.ts';
import { ruleText } from '../../dataplane/nft/text.ts';
import { parseRuleset } from '../../dataplane/parse.ts';
import { renderRule } from '../../dataplane/render.ts';

/** Machine → section, such as `iptables nat` or `routes` → what it holds. */
export type Snapshot = Readonly<Record<string, Readonly<Record<string, Section>>>>;

export interface Section {
  /** All but rules. */
  readonly lines: readonly string[];
  /** Chain → its rules, in their order. */
  readonly chains?: Readonly<Record<string, readonly string[]>>;
}

/** @param nameOf the name of a namespace, as students know it */
export const snapshotOf = (
  namespaces: readonly NamespaceTexts[],
  nameOf: (namespace: NamespaceTexts, index: number) => string,
): Snapshot => Object.fromEntries(namespaces.map((each, index) => [nameOf(each, index), sectionsOf(each)]));

const sectionsOf = (texts: NamespaceTexts): Record<string, Section> => {
  const others: Record<string, readonly string[]> = {
    addresses: objects(texts.addresses).flatMap(addressLines),
    routes: [...objects(texts.routes), ...objects(texts.routes6)].map(routeLine),
    'policy rules': [...objects(texts.rules), ...objects(texts.rules6)].map(flat),
    sysctls: linesOf(texts.sysctls),
    ipset: linesOf(texts.ipset),
    'tables of arptables-legacy': linesOf(texts.arpTables),
    ipvs: linesOf(texts.ipvs),
    'xfrm policies': linesOf(texts.xfrm),
    // Links without a queue have none to change.
    'tc queues': objects(texts.queues)
      .filter(({ kind }) => kind !== 'noqueue')
      .map(flat),
    'BPF programs': linesOf(texts.bpf ?? ''),
    listeners: texts.listeners.map(({ protocol, address, port }) => `${protocol} ${address}:${port}`).sort(),
  };
  const sections: Record<string, Section> = {
    ...rulesOf('iptables', texts.iptables),
    ...rulesOf('ip6tables', texts.ip6tables),
    ...rulesOf('iptables-legacy', texts.iptablesLegacy),
    ...rulesOf('ip6tables-legacy', texts.ip6tablesLegacy),
    ...nativeOf(texts),
    ...Object.fromEntries(Object.entries(others).map(([name, lines]) => [name, { lines }])),
  };
  return Object.fromEntries(
    Object.entries(sections).filter(([, { lines, chains = {} }]) => lines.length > 0 || Object.keys(chains).length > 0),
  );
};

const linesOf = (text: string): readonly string[] => text.split('\n').filter(Boolean);

/** A section for each table: user chains, policies other than ACCEPT, and rules. Counters are left out. */
const rulesOf = (backend: string, text: string): Record<string, Section> =>
  Object.fromEntries(
    parseRuleset(text).tables.map(({ name, chains }) => [
      `${backend} ${name}`,
      {
        lines: chains.flatMap((chain) =>
          chain.policy === '-'
            ? [`-N ${chain.name}`]
            : chain.policy === 'ACCEPT'
              ? []
              : [`-P ${chain.name} ${chain.policy}`],
        ),
        chains: Object.fromEntries(
          chains.flatMap((chain) =>
            chain.rules.length > 0 ? [[chain.name, chain.rules.map((rule) => renderRule(rule))]] : [],
          ),
        ),
      },
    ]),
  );

type Item = Readonly<Record<string, unknown>>;

const objects = (json: string): readonly Item[] => (json.trim() === '' ? [] : (JSON.parse(json) as readonly Item[]));

/** Native tables. Those of iptables-nft are in `iptables-save` already. */
const nativeOf = ({ nft, iptables, ip6tables }: NamespaceTexts): Record<string, Section> => {
  interface Found {
    readonly lines: string[];
    readonly chains: Map<string, string[]>;
  }
  const sections: Record<string, Found> = {};
  const { nftables = [] } = (nft.trim() === '' ? {} : JSON.parse(nft)) as { readonly nftables?: readonly Item[] };
  const belongsToIptables = (family: string, name: string): boolean =>
    (family === 'ip' && iptables.includes(`*${name}\n`)) || (family === 'ip6' && ip6tables.includes(`*${name}\n`));
  for (const entry of nftables) {
    const [[kind, value] = ['', {}]] = Object.entries(entry) as [string, Item][];
    const [family, table] = [String(value.family), String(value.table ?? value.name)];
    if (kind === 'metainfo' || belongsToIptables(family, table)) continue;
    const section = `nft ${family} ${table}`;
    const own: Found = sections[section] ?? { lines: [], chains: new Map() };
    sections[section] = own;
    const { lines, chains } = own;
    const chain = String(value.chain);
    if (kind === 'rule') {
      const rules = chains.get(chain) ?? [];
      chains.set(chain, rules);
      rules.push(`${chain} ${ruleText((value.expr ?? []) as readonly unknown[])}`);
    } else if (kind === 'chain')
      lines.push(
        ['chain', value.name, value.hook && `hook ${value.hook} priority ${value.prio}`].filter(Boolean).join(' '),
      );
    else if (kind !== 'table') lines.push(`${kind} ${value.name} ${JSON.stringify(value.elem ?? '')}`);
  }
  return Object.fromEntries(
    Object.entries(sections).map(([name, { lines, chains }]) => [name, { lines, chains: Object.fromEntries(chains) }]),
  );
};

const addressLines = ({ ifname, flags, master, mtu, addr_info: list }: Item): readonly string[] => [
  `${ifname} ${(flags as readonly string[]).includes('UP') ? 'up' : 'down'} mtu ${mtu}${master ? ` master ${master}` : ''}`,
  ...((list as readonly Item[]) ?? []).map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`),
];

/** As `ip route` prints it: without the usual type and table, which `-details` names. */
const routeLine = ({ type, dst, gateway, dev, table, metric }: Item): string =>
  [
    type !== 'unicast' && type,
    dst,
    gateway && `via ${gateway}`,
    dev && `dev ${dev}`,
    table && table !== 'main' && `table ${table}`,
    metric && `metric ${metric}`,
  ]
    .filter(Boolean)
    .join(' ');

const flat = (item: Item): string =>
  Object.entries(item)
    .map(([key, value]) => `${key} ${value}`)
    .join(' ');
