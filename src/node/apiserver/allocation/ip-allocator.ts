// Service addresses from --service-cluster-ip-range. Callers pass the addresses of the stored services as `taken`.
import { type Cidr, cidrContains, cidrRange, type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../../api/scalars.ts';

export interface IpAllocator {
  readonly range: Cidr;
  /** The reason why a service can't have this address. Undefined when a service can have it. */
  refuse(address: Ipv4, taken: ReadonlySet<string>): string | undefined;
  /** A free address, chosen at random. Undefined when the range is full. */
  draw(taken: ReadonlySet<string>): Ipv4 | undefined;
  /** The first address of the range, which the service `kubernetes` has. */
  readonly first: Ipv4;
}

export const createIpAllocator = (range: Cidr): IpAllocator => {
  const { first, last } = cidrRange(range);
  // The network address (first) and the broadcast address (last) are never used.
  const [lowest, highest] = [first + 1, last - 1];
  const size = highest - lowest + 1;
  // KEP-3070: random addresses come from the upper band first. The lower band is for addresses that users choose.
  const band = Math.min(Math.max(16, Math.floor(size / 16)), 256);
  const draw = (from: number, to: number, taken: ReadonlySet<string>): Ipv4 | undefined => {
    const count = to - from + 1;
    if (count <= 0) return undefined;
    const start = Math.floor(Math.random() * count);
    for (let step = 0; step < count; step += 1) {
      const address = ipv4FromNumber(from + ((start + step) % count));
      if (!taken.has(address)) return address;
    }
    return undefined;
  };
  return {
    range,
    first: ipv4FromNumber(lowest),
    refuse: (address, taken) => {
      const value = ipv4ToNumber(address);
      if (!cidrContains(range, address) || value < lowest || value > highest)
        return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${range}`;
      return taken.has(address) ? 'provided IP is already allocated' : undefined;
    },
    draw: (taken) => draw(lowest + band, highest, taken) ?? draw(lowest, Math.min(lowest + band - 1, highest), taken),
  };
};
