// Names of chains. Those of services and endpoints are hashes, because a chain's name may have at most 28 letters.
import { hash as digestOf } from 'node:crypto';

/** Chains that exist whatever the services are. */
export const chain = {
  services: 'KUBE-SERVICES',
  externalServices: 'KUBE-EXTERNAL-SERVICES',
  nodePorts: 'KUBE-NODEPORTS',
  postrouting: 'KUBE-POSTROUTING',
  markMasq: 'KUBE-MARK-MASQ',
  forward: 'KUBE-FORWARD',
  proxyFirewall: 'KUBE-PROXY-FIREWALL',
  /** Shared with the kubelet. */
  firewall: 'KUBE-FIREWALL',
  canary: 'KUBE-PROXY-CANARY',
} as const;

/** Chains that ipvs mode has, too, with other rules in them. */
const inCommon: Readonly<Record<string, readonly string[]>> = {
  nat: [chain.services, chain.postrouting, chain.markMasq],
  filter: [chain.forward, chain.proxyFirewall],
};

export const isInCommon = (table: string, name: string): boolean => inCommon[table]?.includes(name) ?? false;

/** Whether a chain of table nat belongs to a service or an endpoint (XLB: of versions before 1.24). */
export const isServiceChain = (name: string): boolean => /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-/.test(name);

type Prefix = 'SVC' | 'SVL' | 'EXT' | 'FW' | 'SEP';

/**
 * `KUBE-SVC-` and the first 16 characters of base32(sha256(port name + lower-case protocol [+ endpoint])).
 * @param identity for endpoints followed by `ip:port`
 */
export const chainName = (prefix: Prefix, identity: string): string => `KUBE-${prefix}-${hash(identity)}`;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const hash = (text: string): string => {
  const digest = digestOf('sha256', text, 'buffer');
  let name = '';
  // 16 letters of 5 bits are the first 10 bytes.
  for (let start = 0; start < 10; start += 5) {
    const high = digest.readUInt32BE(start);
    const low = digest[start + 4] ?? 0;
    const letters = [
      high >>> 27,
      high >>> 22,
      high >>> 17,
      high >>> 12,
      high >>> 7,
      high >>> 2,
      (high << 3) | (low >>> 5),
      low,
    ];
    for (const letter of letters) name += alphabet[letter & 31];
  }
  return name;
};
