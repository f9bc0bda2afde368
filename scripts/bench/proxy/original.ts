// Figures of kube-proxy v1.36.2 for the same work, on two cores with iptables 1.8.9, and the targets for this
// kube-proxy.
import type { Backend } from './arena.ts';

/** Milliseconds and MiB. In `targets`, the upper limits. */
export interface Reference {
  readonly firstSyncMs?: number;
  readonly p50?: number;
  readonly p90?: number;
  readonly cpuPerChangeMs?: number;
  readonly rssMiB?: number;
}

type Table = Readonly<Partial<Record<`${Backend} ${number}`, Reference>>>;

export const originals: Table = {
  'nft 100': { firstSyncMs: 740, p50: 47, p90: 51, cpuPerChangeMs: 32, rssMiB: 63 },
  'nft 1000': { firstSyncMs: 1220, p50: 86, p90: 95, cpuPerChangeMs: 77, rssMiB: 78 },
  'nft 5000': { firstSyncMs: 16_900, p50: 377, p90: 496, cpuPerChangeMs: 408, rssMiB: 164 },
  'nft 10000': { firstSyncMs: 206_000, p50: 1210, p90: 2469, cpuPerChangeMs: 1367, rssMiB: 256 },
  'legacy 5000': { firstSyncMs: 2100, p50: 662, p90: 697, cpuPerChangeMs: 488, rssMiB: 155 },
  'legacy 10000': { firstSyncMs: 4600, p50: 1330, p90: 1901, cpuPerChangeMs: 1020, rssMiB: 269 },
  'nftables 10000': { firstSyncMs: 20_600, p50: 5000, cpuPerChangeMs: 4452, rssMiB: 338 },
};

export const targets: Table = {
  'nft 1000': { firstSyncMs: 800, p50: 30 },
  'nft 5000': { firstSyncMs: 2500, p50: 35, cpuPerChangeMs: 45, rssMiB: 150 },
  'nft 10000': { firstSyncMs: 6000, p50: 45, rssMiB: 220 },
  'nftables 10000': { firstSyncMs: 4000, p50: 30 },
};

export const smallTargets = { startMs: 250, idlePercent: 0.2, pssMiB: 70 } as const;
