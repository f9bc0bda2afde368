// The rules of one service port: they lead from each address of the service to a port on which kube-proxy listens.
import type { ServicePort } from '../types.ts';
import type { PlacedRule, Rule } from '../xtables/rule.ts';
import type { Destination, Reach } from './destinations.ts';
import { chain } from './names.ts';
import type { Place } from './place.ts';

/** The ports of a relay, for packets that come in and for packets that the node itself sends. */
export interface RelayPorts {
  readonly incoming: number;
  readonly own: number;
}

export interface PortalOptions {
  readonly place: Place;
  readonly relays: Readonly<Partial<Record<Reach, RelayPorts>>>;
}

/**
 * The rules of one service port must keep their order within a chain. They don't affect those of other service ports.
 * @param destinations addresses of the service that are to lead to kube-proxy
 */
export const buildPortals = (
  service: ServicePort,
  destinations: readonly Destination[],
  options: PortalOptions,
): PlacedRule[] => [
  ...destinations.flatMap((destination) => redirections(service, destination, options)),
  ...(destinations.some(({ kind }) => kind === 'node port') ? admissions(service, options) : []),
  ...destinations.flatMap((destination) => sourceRanges(service, destination)),
  ...exclusions(service, options),
];

/**
 * REDIRECT sends an incoming packet to the address of the interface that it came in by, so the reply leaves by the same
 * interface. It would send the node's own packets to loopback, so those get DNAT to the node's address.
 */
const redirections = (service: ServicePort, to: Destination, { place, relays }: PortalOptions): PlacedRule[] => {
  const [container, host] =
    to.kind === 'node port'
      ? [chain.nodePortContainer, chain.nodePortHost]
      : [chain.portalsContainer, chain.portalsHost];
  const base = { destination: to.address, dport: to.port };
  const rules: PlacedRule[] = [];
  for (const { reach, match } of sourcesOf(service, to, place)) {
    const ports = relays[reach];
    if (!ports) continue;
    const target = place.listensEverywhere ? `REDIRECT --to-ports ${ports.incoming}` : dnat(place, ports.incoming);
    rules.push(placed(service, 'nat', container, { ...match, ...base, jump: target }));
  }
  const ports = relays[ownReach(service, to)];
  if (ports) rules.push(placed(service, 'nat', host, { ...base, jump: dnat(place, ports.own) }));
  return rules;
};

interface Source {
  readonly reach: Reach;
  readonly match: Pick<Rule, 'source' | 'inInterface'>;
}

/**
 * External policy Local restricts clients outside the cluster only. Pods of this node and the node itself reach all
 * endpoints.
 */
const sourcesOf = (service: ServicePort, to: Destination, { local }: Place): Source[] => {
  if (to.kind === 'cluster IP') return [{ reach: ownReach(service, to), match: {} }];
  if (!service.externalPolicyLocal) return [{ reach: 'cluster', match: {} }];
  const outside: Source = { reach: 'local', match: {} };
  if (!local) return [outside];
  const match = local.kind === 'source' ? { source: local.cidr } : { inInterface: local.name };
  return [{ reach: 'cluster', match }, outside];
};

const ownReach = (service: ServicePort, { kind }: Destination): Reach =>
  kind === 'cluster IP' && service.internalPolicyLocal ? 'local' : 'cluster';

const dnat = ({ family, nodeAddress }: Place, port: number): string => {
  if (nodeAddress === undefined) return `REDIRECT --to-ports ${port}`;
  return `DNAT --to-destination ${family === 'IPv6' ? `[${nodeAddress}]` : nodeAddress}:${port}`;
};

/** In table filter a packet already has the relay's port as its destination. */
const admissions = (service: ServicePort, options: PortalOptions): PlacedRule[] =>
  relayPorts(options).map((dport) =>
    placed(service, 'filter', chain.nonLocal, { dport, after: ['-m state --state NEW'], jump: 'ACCEPT' }),
  );

/** In table filter a packet still has its client's address, and conntrack knows its original destination. */
const sourceRanges = (service: ServicePort, { kind, address, port }: Destination): PlacedRule[] => {
  if (kind !== 'load balancer IP' || service.sourceRanges.length === 0) return [];
  const after = [`-m conntrack --ctorigdst ${address} --ctorigdstport ${port}`];
  return [
    ...service.sourceRanges.map((source) =>
      placed(service, 'filter', chain.firewall, { source, after, jump: 'RETURN' }),
    ),
    placed(service, 'filter', chain.firewall, { after, jump: 'DROP' }),
  ];
};

/**
 * Drops packets that a client sends to the relay's port directly: they would bypass traffic policies and source ranges.
 */
const exclusions = (service: ServicePort, options: PortalOptions): PlacedRule[] =>
  relayPorts(options).map((dport) =>
    placed(service, 'filter', chain.firewall, {
      inInterface: '! lo',
      dport,
      after: ['-m conntrack ! --ctstate DNAT'],
      jump: 'DROP',
    }),
  );

const relayPorts = ({ relays }: PortalOptions): number[] => [
  ...new Set(Object.values(relays).flatMap(({ incoming, own }) => [incoming, own])),
];

const placed = (service: ServicePort, table: PlacedRule['table'], name: string, rule: Rule): PlacedRule => ({
  table,
  chain: name,
  rule: { ...rule, protocol: service.protocol.toLowerCase(), comment: service.portName },
});
