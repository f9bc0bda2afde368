// What rules may ask the namespace: types of addresses, sets, lists of clients, routes.
import type { IpSets } from './ipset.ts';
import type { PacketState } from './state.ts';

export interface RuleFacts {
  /** `local`, `unicast`, `broadcast`, … by the local routes, of one link if given. */
  addressType(address: string, link?: string): string;
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
