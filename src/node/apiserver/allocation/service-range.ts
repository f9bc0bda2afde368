// Parses --service-cluster-ip-range, with kube-apiserver's error messages.
import { type Cidr, cidrRange, withoutHostBits } from '../../../api/scalars.ts';

/** Clears host bits, as Go's ParseCIDR does. @throws Error with the problem of the flag */
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
  try {
    return withoutHostBits(text);
  } catch {
    return undefined;
  }
};
