// Which of its own addresses the kernel uses: for MASQUERADE, REDIRECT and a local process (inet_select_addr).
import { parseIp } from '../../api/ip.ts';
import { contains, isLinkLocal, networkOf } from './address.ts';
import type { LinkAddress, NodeLink } from './links.ts';
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

/** Of the link's global addresses, the one that fits the destination best (ipv6_get_saddr_eval, RFC 6724). */
export const selectAddress6 = (links: readonly NodeLink[], link: string, destination: string): string | Error => {
  const own = links.find(({ name }) => name === link)?.addresses ?? [];
  const global = own.filter(({ address, scope }) => address.includes(':') && scope === 0);
  if (
    global.length > 1 &&
    (global.some(({ deprecated, temporary }) => deprecated || temporary) || isLinkLocal(destination))
  )
    return new Error(`which of ${global.length} IPv6 addresses ${link} takes`);
  const suits = ({ address, length }: LinkAddress): number =>
    (labelOf(address) === labelOf(destination) ? 1000 : 0) + Math.min(commonBits(address, destination), length);
  // Of several that fit alike, the kernel takes the first one.
  const [best] = global.toSorted((one, other) => suits(other) - suits(one));
  return best?.address ?? new Error(`${link} has no global IPv6 address`);
};

/** The kernel's table of labels (addrlabel.c): addresses of one label belong together. */
const labels = [
  ['::1', 128],
  ['::ffff:0.0.0.0', 96],
  ['::', 96],
  ['2001::', 32],
  ['2001:10::', 28],
  ['2002::', 16],
  ['fc00::', 7],
].map(([address, length]) => networkOf(String(address), Number(length)));
const labelOf = (address: string): number => labels.findIndex((network) => contains(network, address));

const commonBits = (one: string, other: string): number => {
  const [left, right] = [parseIp(one), parseIp(other)];
  return left && right ? 128 - (left.value ^ right.value).toString(2).replace(/^0$/, '').length : 0;
};

/** What REDIRECT takes: the first address of the link by which the packet came. */
export const firstAddress = (links: readonly NodeLink[], link: string, family: Family): string | undefined =>
  links
    .find(({ name }) => name === link)
    ?.addresses.find(
      ({ address, scope }) => address.includes(':') === (family === 'ip6') && (family === 'ip' || scope === 0),
    )?.address;
