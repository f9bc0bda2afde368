// Networks of both families, as far as kube-proxy compares them.
import { BlockList, isIP } from 'node:net';
import { familyOf } from './types.ts';

/** @returns false for texts that are no network, so that a broken object can't stop all others */
export const contains = (cidr: string, address: string): boolean => {
  const [network = '', prefix] = cidr.split('/');
  if (isIP(network) === 0 || isIP(address) === 0 || familyOf(network) !== familyOf(address)) return false;
  const family = familyOf(network) === 'IPv6' ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  return list.check(address, family);
};

export const isCidr = (text: string): boolean => {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const version = isIP(match?.[1] ?? '');
  return version !== 0 && Number(match?.[2]) <= (version === 6 ? 128 : 32);
};

/** An IPv6 address as the kernel's tools print it; IPv4 addresses have but one form. */
export const canonicalIp = (address: string): string =>
  address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

/**
 * A network as `ipset` lists it: without bits beyond its prefix, and a single address without a prefix.
 * @returns two for a network of everything, which sets can hold only in halves
 */
export const canonicalNetworks = (cidr: string): readonly string[] => {
  const [address = '', length = ''] = cidr.split('/');
  const bits = address.includes(':') ? 128 : 32;
  const prefix = length === '' ? bits : Number(length);
  if (prefix === 0) return bits === 128 ? ['::/1', '8000::/1'] : ['0.0.0.0/1', '128.0.0.0/1'];
  const beyond = BigInt(bits - prefix);
  const network = formatIp((parseIp(address) >> beyond) << beyond, bits);
  return [prefix === bits ? network : `${network}/${prefix}`];
};

const parseIp = (address: string): bigint => {
  if (!address.includes(':')) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = canonicalIp(address).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
};

const formatIp = (value: bigint, bits: number): string => {
  const size = bits === 128 ? 16n : 8n;
  const parts = Array.from({ length: bits === 128 ? 8 : 4 }, (_, index) => value >> (BigInt(index) * size));
  const own = parts.map((part) => (part & ((1n << size) - 1n)).toString(bits === 128 ? 16 : 10)).reverse();
  return bits === 128 ? canonicalIp(own.join(':')) : own.join('.');
};
