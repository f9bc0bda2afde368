// Parses --service-cluster-ip-range, with kube-apiserver's error messages.
import { type Cidr, cidrRange, ipv4FromNumber, parseCidr } from '../../../api/scalars.ts';

/** Clears host bits, as Go's ParseCIDR does. @throws Error that says what is wrong with the flag */
export const parseServiceRange = (text: string): Cidr => {
  if (text.includes(','))
    throw new Error('--service-cluster-ip-range: labs clusters have one address family; give one range');
  const range = masked(text);
  if (range === undefined) throw new Error(`error parsing service-cluster-ip-range: invalid CIDR address: ${text}`);
  const { prefix } = cidrRange(range);
  if (prefix < 12)
    throw new Error('specified --service-cluster-ip-range is too large; for 32-bit addresses, the mask must be >= 12');
  if (prefix > 29)
    throw new Error(`the service cluster IP range must be at least 8 IP addresses, ${range} has ${2 ** (32 - prefix)}`);
  return range;
};

const masked = (text: string): Cidr | undefined => {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [, a, b, c, d, prefixText] = match.map(Number);
  const prefix = prefixText ?? 33;
  if (prefix > 32 || [a, b, c, d].some((octet) => octet === undefined || octet > 255)) return undefined;
  const value = (((a ?? 0) << 24) | ((b ?? 0) << 16) | ((c ?? 0) << 8) | (d ?? 0)) >>> 0;
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return parseCidr(`${ipv4FromNumber((value & mask) >>> 0)}/${prefix}`);
};
