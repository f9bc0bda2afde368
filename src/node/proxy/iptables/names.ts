// Names of chains. Those of services and endpoints are hashes, because a chain's name may have at most 28 characters.
import { hash as digestOf } from 'node:crypto';
import { commonChain } from '../xtables/common-chains.ts';

/** Chains that don't depend on services. */
export const chain = {
  ...commonChain,
  externalServices: 'KUBE-EXTERNAL-SERVICES',
  nodePorts: 'KUBE-NODEPORTS',
  /** The kubelet uses this chain, too. */
  firewall: 'KUBE-FIREWALL',
  /** Empty, one in each table. If it is gone, another program has reset the table. */
  canary: 'KUBE-PROXY-CANARY',
} as const;

/** Whether a chain of table nat belongs to a service or an endpoint (XLB: of versions before 1.24). */
export const isServiceChain = (name: string): boolean => /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-/.test(name);

type Prefix = 'SVC' | 'SVL' | 'EXT' | 'FW' | 'SEP';

/**
 * `KUBE-SVC-` and the first 16 characters of base32(sha256(identity)).
 * @param identity the service port's name and the protocol in lower case; for an endpoint followed by `ip:port`
 */
export const chainName = (prefix: Prefix, identity: string): string => `KUBE-${prefix}-${hash(identity)}`;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const hash = (text: string): string => {
  const digest = digestOf('sha256', text, 'buffer');
  let name = '';
  // 16 characters of 5 bits are the first 10 bytes.
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
