// How soon to check again for damage, so that the checks cost almost no CPU time.

/** A check for damage may use at most 1/500 of a CPU. */
const share = 500;
const shortestMs = 2000;
/** For a family in which no service has an address: mostly IPv6. */
const unusedMs = 10_000;

export interface DamageCheck {
  readonly tookMs: number;
  /** How many checks in a row found damage. If somebody flushes the rules again and again, repairs get rarer. */
  readonly repairs: number;
  /** Whether the family has services. */
  readonly used: boolean;
}

/** @param longestMs `--iptables-sync-period` */
export const nextCheckMs = ({ tookMs, repairs, used }: DamageCheck, longestMs: number): number =>
  Math.min(longestMs, Math.max(used ? shortestMs : unusedMs, tookMs * share) * 2 ** repairs);
