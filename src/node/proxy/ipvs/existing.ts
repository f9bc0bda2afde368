// What is in the kernel: virtual servers, sets and addresses of the link, and which virtual servers are kube-proxy's.

import { networkContains } from '../../../api/ip.ts';
import type { ListedServer } from '../../sys/ipvs.ts';
import { familyOf, type IpFamily } from '../types.ts';
import { type SetKey, setHead, setKeys, setName } from './sets.ts';

export interface Existing {
  /** Virtual servers of one family. */
  readonly servers: readonly ListedServer[];
  readonly sets: ReadonlyMap<SetKey, ExistingSet>;
  /** Addresses of the link kube-ipvs0; undefined: there is no such link. */
  readonly addresses: readonly string[] | undefined;
}

export interface ExistingSet {
  /** Whether another program made the set, with another type or family. It cannot hold our members. */
  readonly foreign: boolean;
  readonly members: ReadonlySet<string>;
}

/** @param text of `ipset save` */
export const readSets = (text: string, family: IpFamily): Map<SetKey, ExistingSet> => {
  const keys = new Map(setKeys.map((key) => [setName(key, family), key]));
  const found = new Map<SetKey, ExistingSet & { readonly members: Set<string> }>();
  for (const line of text.split('\n')) {
    const [verb = '', name = '', ...rest] = line.split(' ');
    const key = keys.get(name);
    if (key === undefined) continue;
    if (verb === 'create') {
      const foreign = !`${rest.join(' ')} `.startsWith(`${setHead(key, family)} `);
      found.set(key, { foreign, members: new Set() });
    } else if (verb === 'add') found.get(key)?.members.add(rest[0] ?? '');
  }
  return found;
};

const splitAddress = (address: string): { readonly ip: string; readonly port: string } => {
  const split = address.lastIndexOf(':');
  return { ip: address.slice(0, split).replace(/^\[|\]$/g, ''), port: address.slice(split + 1) };
};

export const ofFamily = (servers: readonly ListedServer[], family: IpFamily): ListedServer[] =>
  servers.filter(({ address }) => familyOf(splitAddress(address).ip) === family);

/**
 * Whether kube-proxy (this process or an earlier one) made a virtual server: its address is on the link, or one of the
 * sets has it.
 * @param excluded networks whose virtual servers always belong to another program
 */
export const isOurs = (
  { protocol, address }: ListedServer,
  { sets, addresses }: Existing,
  excluded: readonly string[] = [],
): boolean => {
  const { ip, port } = splitAddress(address);
  if (excluded.some((cidr) => networkContains(cidr, ip))) return false;
  const has = (key: SetKey, member: string): boolean => sets.get(key)?.members.has(member) ?? false;
  const member = `${ip},${protocol.toLowerCase()}:${port}`;
  const byAddress = ['CLUSTER-IP', 'EXTERNAL-IP', 'EXTERNAL-IP-LOCAL', 'LOAD-BALANCER', 'NODE-PORT-SCTP-HASH'] as const;
  return (
    (addresses?.includes(ip) ?? false) ||
    byAddress.some((key) => has(key, member)) ||
    (protocol !== 'SCTP' && has(`NODE-PORT-${protocol}`, port))
  );
};
