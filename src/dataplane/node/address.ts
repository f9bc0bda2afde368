// Networks of IPv4 and IPv6, read once and compared often.
import { formatIp, networkContains, parseIp } from '../../api/ip.ts';
import type { Family } from './packet.ts';

export interface Network {
  readonly bits: 32 | 128;
  readonly value: bigint;
  readonly mask: bigint;
  /** Undefined for a mask with holes. */
  readonly length: number | undefined;
  readonly text: string;
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0` or an address. Undefined if the text is neither. */
export const readNetwork = (text: string): Network | undefined => {
  const [address = '', prefix, ...rest] = text.split('/');
  const ip = parseIp(address);
  if (!ip || rest.length > 0) return undefined;
  const all = (1n << BigInt(ip.bits)) - 1n;
  const mask =
    prefix === undefined ? all : /^\d+$/.test(prefix) ? maskOf(ip.bits, Number(prefix)) : parseIp(prefix)?.value;
  if (mask === undefined) return undefined;
  return { bits: ip.bits, value: ip.value & mask, mask, length: lengthOf(ip.bits, mask), text };
};

export const networkOf = (address: string, length: number): Network => {
  const found = readNetwork(`${address}/${length}`);
  if (!found) throw new Error(`"${address}/${length}" is not a network`);
  return found;
};

const maskOf = (bits: number, length: number): bigint =>
  ((1n << BigInt(bits)) - 1n) ^ ((1n << BigInt(bits - Math.min(length, bits))) - 1n);

const lengthOf = (bits: number, mask: bigint): number | undefined => {
  for (let length = 0; length <= bits; length++) if (maskOf(bits, length) === mask) return length;
  return undefined;
};

export const contains = (network: Network, address: string): boolean => {
  const ip = parseIp(address);
  return ip !== undefined && ip.bits === network.bits && (ip.value & network.mask) === network.value;
};

/** Whether the address lies between two others, ends included. */
export const between = (address: string, first: string, last: string): boolean => {
  const [ip, low, high] = [parseIp(address), parseIp(first), parseIp(last)];
  return (
    ip !== undefined &&
    low?.bits === ip.bits &&
    high?.bits === ip.bits &&
    ip.value >= low.value &&
    ip.value <= high.value
  );
};

/** How many addresses from `first` to `last`, and the one at `index`. */
export const rangeOf = (
  first: string,
  last: string,
): { readonly size: number; readonly at: (index: number) => string } => {
  const [low, high] = [parseIp(first), parseIp(last)];
  if (!low || !high) return { size: 0, at: () => first };
  return {
    size: Number(high.value - low.value) + 1,
    at: (index) => formatIp({ ...low, value: low.value + BigInt(index) }),
  };
};

export const familyOf = (address: string): Family => (address.includes(':') ? 'ip6' : 'ip');

export const isLoopback4 = (address: string): boolean => networkContains('127.0.0.0/8', address);
export const isZeroNet = (address: string): boolean => networkContains('0.0.0.0/8', address);
export const isLinkLocal = (address: string): boolean => address.includes(':') && networkContains('fe80::/10', address);
export const isMulticast = (address: string): boolean =>
  networkContains(address.includes(':') ? 'ff00::/8' : '224.0.0.0/4', address);
