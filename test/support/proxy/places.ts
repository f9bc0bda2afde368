// The places of the topology and their addresses.
export type Family = 'IPv4' | 'IPv6';
export type Place = 'p1' | 'p2' | 'p3' | 'r1' | 'r2' | 'node' | 'outside';
export type ByFamily = Readonly<Record<Family, string>>;

const pair = (IPv4: string, IPv6: string): ByFamily => ({ IPv4, IPv6 });

export const addresses: Readonly<Record<Place, ByFamily>> = {
  p1: pair('10.244.1.2', 'fd00:244:1::2'),
  p2: pair('10.244.1.3', 'fd00:244:1::3'),
  p3: pair('10.244.1.4', 'fd00:244:1::4'),
  r1: pair('10.244.2.2', 'fd00:244:2::2'),
  r2: pair('10.244.2.3', 'fd00:244:2::3'),
  node: pair('192.168.56.11', 'fd00:56::11'),
  outside: pair('192.168.56.100', 'fd00:56::100'),
};
/** The node's address on the pods' bridge. */
export const bridge = pair('10.244.1.1', 'fd00:244:1::1');
export const second = pair('192.168.56.12', 'fd00:56::12');
export const secondBridge = pair('10.244.2.1', 'fd00:244:2::1');
/** Source addresses that an endpoint sees when the packet was masqueraded. */
export const ofNode = (family: Family): readonly string[] => [addresses.node[family], bridge[family]];
export const isLocalPod = (place: Place): boolean => place.startsWith('p');
