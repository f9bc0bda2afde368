// Deletes the tables of nftables mode.
import { createNft, hasNft } from '../../sys/nft.ts';
import type { CleanUpOptions } from '../backend.ts';

export const cleanUpNftables = async ({ log, signal }: CleanUpOptions): Promise<void> => {
  if (!(await hasNft(signal))) return;
  const nft = createNft();
  for (const [table, ipFamily] of [
    ['ip kube-proxy', 'IPv4'],
    ['ip6 kube-proxy', 'IPv6'],
  ] as const) {
    if ((await nft.list(`table ${table}`, signal)) === undefined) continue;
    await nft.apply(`delete table ${table}\n`, signal);
    log.info(0, 'Removed the rules of kube-proxy', { ipFamily, mode: 'nftables' });
  }
};
