// How soon to look again whether somebody took away something of ours: as often as it costs next to nothing.

/** A look takes about half as much of the processor as of the time. */
const share = 500;
const shortestMs = 2000;

export interface Look {
  readonly tookMs: number;
  /** How many looks in a row found damage. Somebody who flushes again and again is not answered each time at once. */
  readonly repairs: number;
}

/** @param longestMs `--iptables-sync-period` */
export const nextLookMs = ({ tookMs, repairs }: Look, longestMs: number): number =>
  Math.min(longestMs, Math.max(shortestMs, tookMs * share) * 2 ** repairs);
