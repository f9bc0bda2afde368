// How soon to look again whether somebody took away something of ours: as often as it costs next to nothing.

/** What a look takes of the time, it takes of a processor: a five-hundredth at most. */
const share = 500;
const shortestMs = 2000;
/** In a family that no service has an address of, nobody waits for packets: mostly IPv6. */
const unusedMs = 10_000;

export interface Look {
  readonly tookMs: number;
  /** How many looks in a row found damage. Somebody who flushes again and again is not answered each time at once. */
  readonly repairs: number;
  /** Whether the family has services. */
  readonly used: boolean;
}

/** @param longestMs `--iptables-sync-period` */
export const nextLookMs = ({ tookMs, repairs, used }: Look, longestMs: number): number =>
  Math.min(longestMs, Math.max(used ? shortestMs : unusedMs, tookMs * share) * 2 ** repairs);
