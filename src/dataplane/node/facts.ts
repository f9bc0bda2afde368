// What rules may ask the namespace: types of addresses, sets, lists of clients, routes.
import type { TypeQuestion } from './address-type6.ts';
import type { IpSets } from './ipset.ts';
import type { PacketState } from './state.ts';

export interface RuleFacts {
  /** `local`, `unicast`, `broadcast`, … by the local routes, of one link if given. */
  addressType(address: string, link?: string): string;
  /** The same for IPv6 in nft. An Error if the model does not know. */
  fibType6(question: TypeQuestion): string | Error;
  /** Whether an IPv6 address has the types that a rule of ip6tables lists. */
  hasTypes6(types: readonly string[], question: TypeQuestion): boolean | Error;
  readonly sets: IpSets | undefined;
  /** The addresses in a list of `-m recent`; undefined if the list was not read. */
  recent(list: string): ReadonlySet<string> | undefined;
  /** The link of the route to an address; undefined if there is none, an Error if the model does not know. */
  routeTo(
    packet: PacketState,
    address: string,
    use: { readonly mark: boolean; readonly iif: string | undefined },
  ): RouteAnswer;
  linkIndex(name: string): number | undefined;
  linkKind(name: string): string;
  /** The kernel's choice for REDIRECT: the first address of the link by which the packet came. */
  firstAddress(link: string, family: 'ip' | 'ip6'): string | undefined;
  /** The kernel's choice for MASQUERADE. */
  masqueradeAddress(
    packet: PacketState,
  ): { readonly address: string } | { readonly none: string } | { readonly unknown: string };
}

export type RouteAnswer =
  | { readonly link: string; readonly type: string; readonly links: readonly string[] }
  | undefined
  | Error;
