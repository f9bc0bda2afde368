// The rules of one service port: what leads from each of its addresses to the port at which kube-proxy itself listens.
import type { SharedRule } from '../iptables/build-shared.ts';
import { type RuleSpec, ruleText } from '../iptables/rule.ts';
import type { ServicePort } from '../types.ts';
import type { Destination, Reach } from './destinations.ts';
import { chain } from './names.ts';
import type { Place } from './place.ts';

/** The ports of a relay: for what comes in, and for what the node sends. */
export interface RelayPorts {
  readonly incoming: number;
  readonly own: number;
}

export interface PortalOptions {
  readonly place: Place;
  readonly relays: Readonly<Partial<Record<Reach, RelayPorts>>>;
}

/**
 * Rules of one chain must keep their order; a service port's are of no matter to any other's.
 * @param destinations those of the service's that shall lead to us
 */
export const buildPortals = (
  service: ServicePort,
  destinations: readonly Destination[],
  options: PortalOptions,
): SharedRule[] => [
  ...destinations.flatMap((destination) => redirections(service, destination, options)),
  ...(destinations.some(({ kind }) => kind === 'node port') ? admissions(service, options) : []),
  ...destinations.flatMap((destination) => sourceRanges(service, destination)),
  ...exclusions(service, options),
];

/**
 * REDIRECT sends what comes in to the address of the interface it came by; the answer then leaves by the same one. What the node
 * itself sends would go to loopback that way, so it gets the node's address.
 */
const redirections = (service: ServicePort, to: Destination, { place, relays }: PortalOptions): SharedRule[] => {
  const [container, host] =
    to.kind === 'node port'
      ? [chain.nodePortContainer, chain.nodePortHost]
      : [chain.portalsContainer, chain.portalsHost];
  const base = { ...(to.address === undefined ? {} : { destination: to.address }), dport: to.port };
  const rules: SharedRule[] = [];
  for (const { reach, match } of sourcesOf(service, to, place)) {
    const ports = relays[reach];
    if (!ports) continue;
    const target = place.listensEverywhere ? `REDIRECT --to-ports ${ports.incoming}` : dnat(place, ports.incoming);
    rules.push(rule(service, 'nat', container, { ...match, ...base, jump: target }));
  }
  const ports = relays[ownReach(service, to)];
  if (ports) rules.push(rule(service, 'nat', host, { ...base, jump: dnat(place, ports.own) }));
  return rules;
};

interface Source {
  readonly reach: Reach;
  readonly match: Pick<RuleSpec, 'source' | 'inInterface'>;
}

/** Policy Local of traffic from outside holds for the outside: pods of this node and the node itself reach the whole cluster. */
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

/** By now the packet bears the relay's port. */
const admissions = (service: ServicePort, options: PortalOptions): SharedRule[] =>
  relayPorts(options).map((dport) =>
    rule(service, 'filter', chain.nonLocal, { dport, after: ['-m state --state NEW'], jump: 'ACCEPT' }),
  );

/** By now the packet bears the relay's port, but still its client's address, and conntrack knows whom it was for. */
const sourceRanges = (service: ServicePort, { kind, address, port }: Destination): SharedRule[] => {
  if (kind !== 'load balancer IP' || service.sourceRanges.length === 0) return [];
  const after = [`-m conntrack --ctorigdst ${address} --ctorigdstport ${port}`];
  return [
    ...service.sourceRanges.map((source) => rule(service, 'filter', chain.firewall, { source, after, jump: 'RETURN' })),
    rule(service, 'filter', chain.firewall, { after, jump: 'DROP' }),
  ];
};

/** A relay's port is nobody's business but ours: who addresses it himself would get past policies and allowed source ranges. */
const exclusions = (service: ServicePort, options: PortalOptions): SharedRule[] =>
  relayPorts(options).map((dport) =>
    rule(service, 'filter', chain.firewall, {
      inInterface: '! lo',
      dport,
      after: ['-m conntrack ! --ctstate DNAT'],
      jump: 'DROP',
    }),
  );

const relayPorts = ({ relays }: PortalOptions): number[] => [
  ...new Set(Object.values(relays).flatMap(({ incoming, own }) => [incoming, own])),
];

const rule = (service: ServicePort, table: SharedRule['table'], name: string, spec: RuleSpec): SharedRule => ({
  table,
  chain: name,
  text: ruleText({ ...spec, protocol: service.protocol.toLowerCase(), comment: service.portName }),
});
