// Deletes the tables of nftables mode.
import { createNft, type Nft } from '../../sys/nft.ts';
import type { CleanUpOptions } from '../backend.ts';

export const cleanUpNftables = async ({ log, signal }: CleanUpOptions): Promise<void> => {
  const nft = createNft();
  for (const [table, ipFamily] of [
    ['ip kube-proxy', 'IPv4'],
    ['ip6 kube-proxy', 'IPv6'],
  ] as const) {
    if (!(await hasTable(nft, table, signal))) continue;
    await nft.apply(`delete table ${table}\n`, signal);
    log.info(0, 'Removed the rules of kube-proxy', { ipFamily, mode: 'nftables' });
  }
};

/** Without nft, or without nf_tables in the kernel, there is no table. */
const hasTable = async (nft: Nft, table: string, signal: AbortSignal): Promise<boolean> => {
  try {
    return (await nft.list(`table ${table}`, signal)) !== undefined;
  } catch {
    signal.throwIfAborted();
    return false;
  }
};
