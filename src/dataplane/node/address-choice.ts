// Which of its own addresses the kernel uses: for MASQUERADE, REDIRECT and a local process (inet_select_addr).
import { contains, networkOf } from './address.ts';
import type { NodeLink } from './links.ts';
import type { Family } from './packet.ts';

/**
 * The first address of a link whose network has `target`, else its first one. If it has none, another link's.
 * @param scope addresses of a wider scope only: 0 leaves out those of scope link and host
 */
export const selectAddress = (
  links: readonly NodeLink[],
  link: string,
  target: string | undefined,
  scope: number,
): string | undefined => {
  const usable = (each: NodeLink) =>
    each.addresses.filter((entry) => !entry.address.includes(':') && !entry.secondary && entry.scope <= scope);
  const own = links.find(({ name }) => name === link);
  const addresses = own ? usable(own) : [];
  const near =
    target === undefined
      ? undefined
      : addresses.find(({ address, length }) => contains(networkOf(address, length), target));
  const chosen = near ?? addresses[0];
  if (chosen) return chosen.address;
  const other = links.filter(({ up }) => up).flatMap((each) => usable(each).filter((entry) => entry.scope !== 253))[0];
  return other?.address;
};

/** IPv6 has a long list of preferences. Only a link with one candidate is sure. */
export const selectAddress6 = (links: readonly NodeLink[], link: string): string | Error => {
  const own = links.find(({ name }) => name === link);
  const global = (own?.addresses ?? []).filter(({ address, scope }) => address.includes(':') && scope === 0);
  const [only, ...others] = global;
  if (only && others.length === 0) return only.address;
  return new Error(`${link} has ${global.length} global IPv6 addresses`);
};

/** What REDIRECT takes: the first address of the link by which the packet came. */
export const firstAddress = (links: readonly NodeLink[], link: string, family: Family): string | undefined =>
  links
    .find(({ name }) => name === link)
    ?.addresses.find(
      ({ address, scope }) => address.includes(':') === (family === 'ip6') && (family === 'ip' || scope === 0),
    )?.address;
