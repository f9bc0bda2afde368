// IPv4 scalars that are parsed once, where they enter the program, and trusted after that.
import { isIPv4 } from 'node:net';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** An IPv4 address in dotted quads, e.g. `10.96.0.10`. */
export type Ipv4 = Branded<string, 'Ipv4'>;
/** An IPv4 network in CIDR notation with a zero host part, e.g. `10.244.1.0/24` (RFC 4632). */
export type Cidr = Branded<string, 'Cidr'>;

/** The value is invalid. The message is for the person who wrote the value. */
export class ScalarError extends Error {
  override readonly name = 'ScalarError';
}

/** @throws ScalarError when `text` is not four decimal octets without leading zeros. */
export const parseIpv4 = (text: string): Ipv4 => {
  if (!isIPv4(text)) throw new ScalarError(`"${text}" is not an IPv4 address such as 10.96.0.10`);
  return text as Ipv4;
};

/** @throws ScalarError when `text` is not `address/prefix`, or has host bits set. */
export const parseCidr = (text: string): Cidr => {
  const network = withoutHostBits(text);
  if (network !== text) throw new ScalarError(`"${text}" has host bits set; did you mean ${network}?`);
  return network;
};

/**
 * The network that has the address: `10.0.0.0/8` for `10.1.2.3/8`. @throws ScalarError when `text` is not
 * `address/prefix`.
 */
export const withoutHostBits = (text: string): Cidr => {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) {
    throw new ScalarError(`"${text}" is not a network such as 10.244.0.0/16`);
  }
  const first = ipv4ToNumber(parseIpv4(address)) & maskOf(Number(prefix));
  return `${ipv4FromNumber(first >>> 0)}/${prefix}` as Cidr;
};

/** The address as an unsigned 32-bit number. */
export const ipv4ToNumber = (address: Ipv4): number =>
  address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

/** The address of an unsigned 32-bit number. */
export const ipv4FromNumber = (value: number): Ipv4 =>
  [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.') as Ipv4;

/** First and last address of a network as unsigned 32-bit numbers. The network has both of them. */
export const cidrRange = (cidr: Cidr): { readonly first: number; readonly last: number; readonly prefix: number } => {
  const [address, prefixText] = cidr.split('/') as [Ipv4, string];
  const prefix = Number(prefixText);
  const first = ipv4ToNumber(address);
  return { first, last: first + 2 ** (32 - prefix) - 1, prefix };
};

export const cidrContains = (cidr: Cidr, address: Ipv4): boolean => {
  const { first, last } = cidrRange(cidr);
  const value = ipv4ToNumber(address);
  return value >= first && value <= last;
};

export const cidrsOverlap = (a: Cidr, b: Cidr): boolean => {
  const [x, y] = [cidrRange(a), cidrRange(b)];
  return x.first <= y.last && y.first <= x.last;
};

/** The `index`-th address of a network: 0 is the network address itself. */
export const cidrAddress = (cidr: Cidr, index: number): Ipv4 => {
  const { first, last } = cidrRange(cidr);
  if (index < 0 || first + index > last) throw new ScalarError(`${cidr} has no address number ${index}`);
  return ipv4FromNumber(first + index);
};

const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0);
