// Which policy rule and route decide about a packet, and of which type an address is.
import { contains, isMulticast, isZeroNet } from './address.ts';
import { localTable, mainTable, type PolicyRule, type Ports, type Route, type Routing } from './routes.ts';

/** What the decision is about. */
export interface RouteKey {
  readonly source: string;
  readonly destination: string;
  readonly mark: number;
  /** Absent: the packet of a local process, which comes from `lo`. */
  readonly iif: string;
  readonly oif?: string | undefined;
  /** Only routes by this link count: IPv6 asks so for ::1 and link-local addresses of arriving packets. */
  readonly only?: string | undefined;
  readonly protocol: string;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  readonly tos: number;
}

export type Lookup =
  | { readonly kind: 'route'; readonly route: Route; readonly rule: PolicyRule }
  /** `unreachable`, `prohibit` or `blackhole`, if a rule or route of this type ended the search; else `none`. */
  | { readonly kind: 'none'; readonly why: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly reason: string };

const within = (ports: Ports | undefined, port: number | undefined): boolean =>
  ports === undefined ||
  (port !== undefined && (port & ports.mask) >= ports.first && (port & ports.mask) <= ports.last);

const ruleMatches = (rule: PolicyRule, key: RouteKey): boolean | 'perhaps' => {
  const all =
    (!rule.source || contains(rule.source, key.source)) &&
    (!rule.destination || contains(rule.destination, key.destination)) &&
    (!rule.mark || (key.mark & rule.mark.mask) >>> 0 === rule.mark.value) &&
    (rule.iif === undefined || rule.iif === key.iif) &&
    (rule.oif === undefined || rule.oif === key.oif) &&
    (rule.protocol === undefined || rule.protocol === key.protocol) &&
    (rule.tos === 0 || rule.tos === key.tos) &&
    within(rule.sourcePorts, key.sourcePort) &&
    within(rule.destinationPorts, key.destinationPort);
  return all && rule.unknown !== undefined ? 'perhaps' : all !== rule.not;
};

export const lookup = ({ rules, tables, merged }: Routing, key: RouteKey): Lookup => {
  let from = 0;
  for (const rule of rules) {
    // The table `default` is looked up after the merged one.
    if (merged && rule.table === localTable) continue;
    const matches = rule.priority >= from && ruleMatches(rule, key);
    if (!matches) continue;
    if (matches === 'perhaps') return { kind: 'unknown', reason: rule.unknown ?? '' };
    if (rule.action === 'goto') from = rule.goto ?? from;
    else if (rule.action === 'nop') continue;
    else if (rule.action !== 'lookup' && rule.action !== 'to_tbl')
      return { kind: 'none', why: rule.action, text: rule.text };
    else {
      const routes = merged && rule.table === mainTable ? merged : tables.get(rule.table);
      const route = inTable(routes ?? [], key);
      if (!route || route.type === 'throw') continue;
      if (rule.suppressPrefix >= 0 && (route.network.length ?? 0) <= rule.suppressPrefix) continue;
      if (refusals.has(route.type)) return { kind: 'none', why: route.type, text: route.text };
      const encap = route.hops.find((hop) => hop.encap !== undefined)?.encap;
      if (encap !== undefined)
        return {
          kind: 'unknown',
          reason: `the encapsulation of the route ${route.text} (encap ${encap}) is not modelled`,
        };
      if (route.hopLimit !== undefined && key.iif === 'lo')
        return {
          kind: 'unknown',
          reason: `the hop limit of the route ${route.text} (hoplimit ${route.hopLimit}) is not modelled`,
        };
      return { kind: 'route', route, rule };
    }
  }
  return { kind: 'none', why: 'none', text: 'no route' };
};

const refusals: ReadonlySet<string> = new Set(['unreachable', 'prohibit', 'blackhole']);

const inTable = (routes: readonly Route[], { destination, tos, oif, only = oif }: RouteKey): Route | undefined =>
  routes.find(
    (route) =>
      contains(route.network, destination) &&
      (route.tos === 0 || route.tos === tos) &&
      (route.hops.some(({ dead, link }) => !dead && (only === undefined || link === only)) ||
        refusals.has(route.type) ||
        route.type === 'throw'),
  );

/** The type of an address by the routes of table `local`, of one link if given: `local`, `unicast`, `broadcast`, … */
export const addressType = ({ tables }: Routing, address: string, link?: string): string => {
  if (isZeroNet(address) || address === '255.255.255.255') return 'broadcast';
  if (isMulticast(address)) return 'multicast';
  const route = inTable(tables.get(localTable) ?? [], {
    destination: address,
    source: address,
    mark: 0,
    iif: '',
    protocol: '',
    sourcePort: undefined,
    destinationPort: undefined,
    tos: 0,
  });
  if (!route || (link !== undefined && !route.hops.some((hop) => hop.link === link))) return 'unicast';
  return route.type;
};
