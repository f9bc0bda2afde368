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
