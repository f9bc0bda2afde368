// `ip route` and `ip rule` → the policy rules and the tables that lookup.ts asks.
import { type Network, readNetwork } from './address.ts';
import { fewHops } from './gaps.ts';
import { json } from './json.ts';
import { scopeNumber } from './links.ts';
import type { Family } from './packet.ts';

export interface Route {
  readonly network: Network;
  /** `unicast`, `local`, `broadcast`, `multicast`, `unreachable`, `prohibit`, `blackhole`, `throw`. */
  readonly type: string;
  readonly table: string;
  readonly hops: readonly NextHop[];
  readonly prefsrc: string | undefined;
  readonly metric: number;
  readonly scope: number;
  readonly tos: number;
  /** Of packets that this machine sends, if it is so low that they may end on the way. */
  readonly hopLimit: number | undefined;
  readonly text: string;
}

export interface NextHop {
  readonly link: string;
  readonly gateway: string | undefined;
  readonly weight: number;
  readonly dead: boolean;
  /** `ip`, `bpf`, `seg6`, …: what the route wraps its packets into, or hands them to. */
  readonly encap: string | undefined;
}

export interface PolicyRule {
  readonly priority: number;
  readonly table: string;
  readonly action: string;
  readonly not: boolean;
  readonly source: Network | undefined;
  readonly destination: Network | undefined;
  readonly mark: { readonly value: number; readonly mask: number } | undefined;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly protocol: string | undefined;
  readonly sourcePorts: Ports | undefined;
  readonly destinationPorts: Ports | undefined;
  readonly tos: number;
  readonly suppressPrefix: number;
  readonly goto: number | undefined;
  /** Something that the model does not compare, such as the user of a process. */
  readonly unknown: string | undefined;
  readonly text: string;
}

/** A range, compared under the mask. */
export interface Ports {
  readonly first: number;
  readonly last: number;
  readonly mask: number;
}

export interface Routing {
  readonly rules: readonly PolicyRule[];
  /** By table; longest prefix first, then the lowest metric. */
  readonly tables: ReadonlyMap<string, readonly Route[]>;
  /** Without rules of its own, the kernel keeps `local` and `main` in one table: a longer prefix of `main` wins. */
  readonly merged: readonly Route[] | undefined;
}

export const localTable = '255';
export const mainTable = '254';
const tableNumbers: Readonly<Record<string, string>> = { local: localTable, main: '254', default: '253' };
const tableOf = (name: unknown): string => tableNumbers[json.text(name)] ?? json.text(name);

export const parseRouting = (family: Family, routes: string, rules: string | undefined): Routing => {
  const tables = new Map<string, Route[]>();
  for (const entry of json.list(routes)) {
    const route = readRoute(family, entry);
    if (!route) continue;
    const table = tables.get(route.table);
    if (table) table.push(route);
    else tables.set(route.table, [route]);
  }
  for (const table of tables.values())
    table.sort((one, other) => (other.network.length ?? 0) - (one.network.length ?? 0) || one.metric - other.metric);
  const entries = rules === undefined ? standardRules(family) : json.list(rules);
  const read = entries.map((entry) => readRule(entry));
  return { rules: read, tables, merged: isStandard(family, read) ? mergedOf(tables) : undefined };
};

const isStandard = (family: Family, rules: readonly PolicyRule[]): boolean => {
  const standard = standardRules(family).map((entry) => readRule(entry).text);
  return rules.length === standard.length && rules.every(({ text }, index) => text === standard[index]);
};

const mergedOf = (tables: ReadonlyMap<string, readonly Route[]>): readonly Route[] =>
  [...(tables.get(localTable) ?? []), ...(tables.get(mainTable) ?? [])].toSorted(
    (one, other) => (other.network.length ?? 0) - (one.network.length ?? 0),
  );

const standardRules = (family: Family): Record<string, unknown>[] => [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 32_766, src: 'all', table: 'main' },
  ...(family === 'ip' ? [{ priority: 32_767, src: 'all', table: 'default' }] : []),
];

const readRoute = (family: Family, entry: Record<string, unknown>): Route | undefined => {
  const written = json.text(entry.dst);
  const network = readNetwork(written === 'default' ? (family === 'ip' ? '0.0.0.0/0' : '::/0') : written);
  if (!network || (network.bits === 32) !== (family === 'ip')) return undefined;
  const type = json.text(entry.type) || 'unicast';
  const several = json.array(entry.nexthops).map(json.object);
  const hops = several.length > 0 ? several : [entry];
  const table = tableOf(entry.table ?? 'main');
  const gateway = (hop: Record<string, unknown>): string | undefined =>
    json.optionalText(hop.gateway) ?? json.optionalText(json.object(hop.via).host);
  return {
    network,
    type,
    table,
    hops: hops.map((hop) => ({
      link: json.text(hop.dev),
      gateway: gateway(hop),
      weight: json.number(hop.weight ?? 1),
      dead: json.array(hop.flags).includes('dead'),
      encap: json.optionalText(hop.encap),
    })),
    hopLimit: json
      .array(entry.metrics)
      .map((metrics) => json.object(metrics).hoplimit)
      .find((limit): limit is number => typeof limit === 'number' && limit > 0 && limit < fewHops),
    prefsrc: json.optionalText(entry.prefsrc),
    metric: json.number(entry.metric),
    scope: scopeNumber(entry.scope),
    tos: json.number(entry.tos),
    text: routeText(type, written, hops, gateway),
  };
};

const routeText = (
  type: string,
  destination: string,
  hops: readonly Record<string, unknown>[],
  gateway: (hop: Record<string, unknown>) => string | undefined,
): string => {
  const ways = hops.map((hop) => {
    const via = gateway(hop);
    return [via === undefined ? '' : `via ${via}`, hop.dev === undefined ? '' : `dev ${json.text(hop.dev)}`]
      .filter(Boolean)
      .join(' ');
  });
  return [type === 'unicast' ? '' : type, destination, ways.join(' or ')].filter(Boolean).join(' ');
};

const knownRuleFields = new Set([
  ...['priority', 'src', 'srclen', 'dst', 'dstlen', 'table', 'fwmark', 'fwmask', 'iif', 'oif', 'action', 'not', 'tos'],
  ...['suppress_prefixlen', 'ipproto', 'sport', 'dport', 'goto', 'protocol', 'iif_detached', 'oif_detached'],
  ...['sport_start', 'sport_end', 'dport_start', 'dport_end', 'sport_mask', 'dport_mask'],
  // They name the traffic for statistics.
  ...['flow_from', 'flow_to'],
]);

/** What a rule asks, by its fields in JSON. */
const unfollowed: Readonly<Record<string, string>> = {
  uid_start: 'the user of the process (uidrange)',
  uid_end: 'the user of the process (uidrange)',
  tun_id: 'the number of the tunnel (tun_id)',
  l3mdev: 'the VRF (l3mdev)',
  suppress_ifgroup: 'the group of the interface (suppress_ifgroup)',
  flowlabel: 'the flow label (flowlabel)',
};

const readRule = (entry: Record<string, unknown>): PolicyRule => {
  const side = (name: 'src' | 'dst'): Network | undefined => {
    const address = json.text(entry[name]);
    if (address === '' || address === 'all') return undefined;
    const length = entry[`${name}len`];
    return readNetwork(length === undefined ? address : `${address}/${json.number(length)}`);
  };
  const ports = (name: 'sport' | 'dport'): Ports | undefined => {
    const [start, end] = [entry[`${name}_start`], entry[`${name}_end`]];
    if (start !== undefined) return { first: json.number(start), last: json.number(end), mask: 0xffff };
    if (entry[name] === undefined) return undefined;
    const [low = '', high = low] = json.text(entry[name]).split('-');
    const written = entry[`${name}_mask`];
    const mask = written === undefined ? 0xffff : Number(json.text(written));
    return { first: Number(low) & mask, last: Number(high) & mask, mask };
  };
  const mark = entry.fwmark;
  const unknown = Object.keys(entry).find((key) => !knownRuleFields.has(key));
  const asked = unfollowed[unknown ?? ''] ?? 'what labs does not know';
  const table = entry.table;
  return {
    priority: json.number(entry.priority),
    table: tableOf(table ?? ''),
    action: json.text(entry.action) || (entry.goto === undefined ? 'lookup' : 'goto'),
    not: 'not' in entry,
    source: side('src'),
    destination: side('dst'),
    mark:
      mark === undefined
        ? undefined
        : { value: json.number(mark), mask: entry.fwmask === undefined ? 0xffffffff : json.number(entry.fwmask) },
    iif: json.optionalText(entry.iif),
    oif: json.optionalText(entry.oif),
    protocol: json.optionalText(entry.ipproto)?.replace('ipv6-icmp', 'icmpv6'),
    sourcePorts: ports('sport'),
    destinationPorts: ports('dport'),
    tos: json.number(entry.tos),
    suppressPrefix: entry.suppress_prefixlen === undefined ? -1 : json.number(entry.suppress_prefixlen),
    goto: entry.goto === undefined ? undefined : json.number(entry.goto),
    unknown:
      unknown === undefined ? undefined : `the policy rule ${json.number(entry.priority)} of \`ip rule\` asks ${asked}`,
    text: `${json.number(entry.priority)}: ${Object.entries(entry)
      // `-details` names who made the rule.
      .filter(([key]) => key !== 'priority' && key !== 'protocol')
      .map(([key, value]) => (value === null ? key : `${key} ${json.text(value)}`))
      .join(' ')}`,
  } satisfies PolicyRule & { readonly text: string };
};

export const tableName = (number: string): string =>
  Object.entries(tableNumbers).find(([, value]) => value === number)?.[0] ?? number;
