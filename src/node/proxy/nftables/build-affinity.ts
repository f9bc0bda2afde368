// Session affinity: each endpoint has a set of clients that expire after the service's timeout. Such services need
// their own chains, because a map cannot look up a set's name.
import { hash } from 'node:crypto';
import type { ProxyEndpoint } from '../types.ts';
import { type Item, words } from './model.ts';
import type { PortContext } from './port-context.ts';

/** Maximum number of clients that an endpoint remembers. Further clients are balanced as without affinity. */
const mostClients = 65_535;

/** The chain is the same for cluster IP and node port, so a client gets the same endpoint through both. */
export const buildAffinity = (
  context: PortContext,
  policy: 'cluster' | 'local',
  seconds: number,
): { readonly chain: string; readonly items: readonly Item[] } => {
  const { ip } = words[context.options.family];
  const endpoints = context.endpoints[policy];
  const ways = endpoints.map((endpoint) => namesOf(context, endpoint, seconds));
  const chain = `service-${policy}-${digest(context, '')}`;
  const numbered = ways.map((way, index) => `${index} : goto ${way.chain}`);
  const rules = [
    ...ways.map((way) => `${ip} saddr @${way.clients} goto ${way.chain}`),
    `numgen random mod ${ways.length} vmap { ${numbered.join(', ')} }`,
  ];
  return {
    chain,
    items: [
      ...endpoints.flatMap((endpoint) => endpointItems(context, endpoint, seconds)),
      { kind: 'chain', name: chain, rules },
    ],
  };
};

const endpointItems = (context: PortContext, endpoint: ProxyEndpoint, seconds: number): Item[] => {
  const { ip, address } = words[context.options.family];
  const { chain, clients } = namesOf(context, endpoint, seconds);
  const spec = `type ${address} ; flags dynamic,timeout ; timeout ${seconds}s ; size ${mostClients} ;`;
  const rules = [
    `update @${clients} { ${ip} saddr }`,
    `meta l4proto ${context.protocol} dnat ${ip} to ${endpoint.address}`,
  ];
  return [
    { kind: 'set', name: clients, spec },
    { kind: 'chain', name: chain, rules },
  ];
};

/** Prefix of the sets that remember clients. A full sync keeps their elements. */
export const clientsPrefix = 'clients-';

/** A set's timeout cannot be changed, so the timeout is part of the set's name. */
const namesOf = (
  context: PortContext,
  { address }: ProxyEndpoint,
  seconds: number,
): { readonly chain: string; readonly clients: string } => {
  const id = digest(context, `${address} ${seconds}`);
  return { chain: `endpoint-${id}`, clients: `${clientsPrefix}${id}` };
};

const digest = ({ port }: PortContext, rest: string): string =>
  hash('sha256', `${port.key} ${rest}`, 'hex').slice(0, 16);
