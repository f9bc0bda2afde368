// Of which type an IPv6 address is: `addrtype` of ip6tables and `fib` of nft ask the routes, not only the table local.
import { isLinkLocal, isMulticast } from './address.ts';
import type { NodeLink } from './links.ts';
import { type Lookup, lookup } from './lookup.ts';
import type { Routing } from './routes.ts';

export interface TypePlace {
  readonly links: readonly NodeLink[];
  readonly routing: { readonly ip6: Routing };
}

export interface TypeQuestion {
  readonly address: string;
  /** The packet's other address, where the lookup knows it. */
  readonly other?: string;
  readonly protocol?: string;
  readonly mark?: number;
  /** Only this link's own addresses are local. */
  readonly link?: string | undefined;
}

const ask = ({ routing }: TypePlace, { address, other = '', protocol = '', mark = 0 }: TypeQuestion, oif?: string) =>
  lookup(routing.ip6, {
    source: other,
    destination: address,
    mark,
    iif: 'lo',
    ...(oif === undefined ? {} : { oif }),
    protocol,
    sourcePort: undefined,
    destinationPort: undefined,
    tos: 0,
  });

const isOf = ({ links }: TypePlace, { address, link }: TypeQuestion): boolean =>
  links.some(({ name, addresses }) => name === link && addresses.some((each) => each.address === address));

const isRoute = (found: Lookup, type: string): boolean => found.kind === 'route' && found.route.type === type;
const isUnicast = (address: string): boolean => address !== '::' && !isMulticast(address);

/** The type that `fib … type` gives (nft_fib6_eval_type). */
export const fibType6 = (place: TypePlace, question: TypeQuestion): string | Error => {
  const { address, link } = question;
  if (isLinkLocal(address)) return new Error('fib of a link-local address');
  const found = ask(place, question);
  if (found.kind === 'unknown') return new Error(found.reason);
  if (link !== undefined && isOf(place, question)) return found.kind === 'route' ? 'local' : found.why;
  if (found.kind === 'none') return found.why === 'none' ? 'unreachable' : found.why;
  if (isRoute(found, 'anycast')) return 'anycast';
  if (link === undefined && isRoute(found, 'local')) return 'local';
  return isMulticast(address) ? 'multicast' : isUnicast(address) ? 'unicast' : 'unspec';
};

/** Whether an address is of the types that `-m addrtype` lists (match_type6). Unlike in IPv4, some must all hold. */
export const hasTypes6 = (place: TypePlace, types: readonly string[], question: TypeQuestion): boolean | Error => {
  const { address, link } = question;
  const has = (type: string): boolean => types.includes(type);
  if (has('multicast') && !isMulticast(address)) return false;
  if (has('unicast') && !isUnicast(address)) return false;
  if (has('unspec') && address !== '::') return false;
  if (!types.some((type) => /^(local|anycast|unreachable)$/.test(type))) return true;
  const found = ask(place, question, link);
  if (found.kind === 'unknown') return new Error(found.reason);
  if (found.kind === 'none') return has('unreachable');
  const isLocal = link === undefined ? isRoute(found, 'local') : isOf(place, question);
  return (has('local') && isLocal) || (has('anycast') && isRoute(found, 'anycast'));
};
