// Addresses and networks of IPv4 and IPv6 as numbers. For IPv4 scalars that were parsed at the edge, see scalars.ts.
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from './scalars.ts';

export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

interface IpNetwork extends IpAddress {
  readonly mask: bigint;
}

/** @returns undefined if the text is neither an IPv4 nor an IPv6 address */
export const parseIp = (text: string): IpAddress | undefined =>
  remember(addresses, text, () => {
    const version = isIP(text);
    if (version === 0) return undefined;
    return version === 6 ? { bits: 128, value: parseV6(text) } : { bits: 32, value: parseV4(text) };
  });

/** An address in its canonical form (RFC 5952), as the kernel's tools print it. */
export const formatIp = ({ bits, value }: IpAddress): string => {
  if (bits === 32) return ipv4FromNumber(Number(value));
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(16 * (7 - index))) & 0xffffn);
  return canonicalIp(groups.map((group) => group.toString(16)).join(':'));
};

/** The canonical form of an address (RFC 5952). An IPv4 address has only one form. */
export const canonicalIp = (address: string): string =>
  address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

export type IpFamily = 'IPv4' | 'IPv6';

/** An address or a network in its canonical form, with its family. */
export interface Canonical {
  readonly family: IpFamily;
  readonly text: string;
}

/** Longer texts are no addresses. Zeros in front of numbers are allowed, so no shorter limit follows from the form. */
const longestAddress = 64;

/**
 * Reads an address as Kubernetes does: octets may begin with zeros (`010.0.0.1` is 10.0.0.1), `::ffff:10.0.0.1` is an
 * IPv4 address, and an address with a zone (`fe80::1%eth0`) is none.
 */
export const readIp = (text: string): Canonical | undefined => {
  if (isIPv4(text)) return { family: 'IPv4', text };
  if (text.length > longestAddress || text.includes('%')) return undefined;
  if (isIPv6(text)) return fromV6(canonicalIp(text));
  const octets = /^\d+(\.\d+){3}$/.test(text) ? text.split('.').map(Number) : [];
  return octets.length === 4 && octets.every((octet) => octet <= 255)
    ? { family: 'IPv4', text: octets.join('.') }
    : undefined;
};

/** Reads `address/prefix`. The result has no host bits: `10.0.0.0/8` for `10.1.2.3/8`. */
export const readNetwork = (text: string): Canonical | undefined => {
  const [, address = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const ip = readIp(address);
  // The prefix of a network such as ::ffff:10.0.0.0/104 counts other bits than the prefix of its IPv4 form.
  if (!ip || (ip.family === 'IPv4') === address.includes(':')) return undefined;
  const prefix = Number(length);
  if (prefix > (ip.family === 'IPv6' ? 128 : 32)) return undefined;
  return { family: ip.family, text: `${networkAddress(`${ip.text}/${prefix}`)}/${prefix}` };
};

const fromV6 = (canonical: string): Canonical => {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return { family: 'IPv6', text: canonical };
  const value = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16);
  return { family: 'IPv4', text: ipv4FromNumber(value) };
};

/** Whether the text is `address/prefix`. Host bits may be set. */
export const isCidr = (text: string): boolean => {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const version = isIP(match?.[1] ?? '');
  return version !== 0 && Number(match?.[2]) <= (version === 6 ? 128 : 32);
};

/**
 * Whether the network has the address.
 * @param network `10.0.0.0/8`, `10.1.2.3` or `10.0.0.1/255.0.0.255`; its host bits do not matter
 * @returns false if the families differ, and for texts that are no network or no address
 */
export const networkContains = (network: string, address: string): boolean => {
  const known = parseNetwork(network);
  const { bits, value } = parseIp(address) ?? {};
  return known !== undefined && value !== undefined && bits === known.bits && (value & known.mask) === known.value;
};

/** The first address of `address/prefix`, i.e. without its host bits. Undefined if the text is no network. */
export const networkAddress = (network: string): string | undefined => {
  const known = parseNetwork(network);
  return known && formatIp(known);
};

// Rule sets and endpoints repeat the same texts thousands of times. The bound keeps a long-running process small.
const mostRemembered = 10_000;
const addresses = new Map<string, IpAddress | undefined>();
const networks = new Map<string, IpNetwork | undefined>();

const remember = <T>(known: Map<string, T | undefined>, text: string, parse: () => T | undefined): T | undefined => {
  const found = known.get(text);
  if (found !== undefined || known.has(text)) return found;
  const parsed = parse();
  if (known.size >= mostRemembered) known.clear();
  known.set(text, parsed);
  return parsed;
};

const parseNetwork = (text: string): IpNetwork | undefined =>
  remember(networks, text, () => {
    const [address = '', prefix, ...rest] = text.split('/');
    const { bits, value } = parseIp(address) ?? {};
    const mask = bits && parseMask(bits, prefix);
    if (rest.length > 0 || bits === undefined || value === undefined || mask === undefined) return undefined;
    return { bits, value: value & mask, mask };
  });

/** `24` or `255.255.255.0`; without a prefix, all bits count. */
const parseMask = (bits: 32 | 128, prefix: string | undefined): bigint | undefined => {
  const all = (1n << BigInt(bits)) - 1n;
  if (prefix === undefined) return all;
  if (!/^\d+$/.test(prefix)) {
    const mask = parseIp(prefix);
    return mask?.bits === bits ? mask.value : undefined;
  }
  return Number(prefix) > bits ? undefined : all ^ ((1n << BigInt(bits - Number(prefix))) - 1n);
};

const parseV4 = (text: string): bigint => BigInt(ipv4ToNumber(text as Ipv4));

const parseV6 = (text: string): bigint => {
  const [head = '', tail = ''] = text.replace(/%.*/, '').split('::');
  const [left, right] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) + group, 0n);
};

const groupsOf = (text: string): bigint[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        if (!group.includes('.')) return [BigInt(`0x${group}`)];
        const value = parseV4(group);
        return [value >> 16n, value & 0xffffn];
      });
