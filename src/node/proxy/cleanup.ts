// Removes what modes leave in the kernel: everything for `kube-proxy --cleanup`, and after a change of mode what the
// new mode does not use.

import type { ProxyMode } from '../../api/proxy-modes.ts';
import { messageOf } from '../../kit/error.ts';
import type { CleanUpOptions } from './backend.ts';
import { cleanUpIptables } from './iptables/cleanup.ts';
import { cleanUpIpvs } from './ipvs/cleanup.ts';
import { cleanUpNftables } from './nftables/cleanup.ts';
import { cleanUpUserspace } from './userspace/cleanup.ts';

/**
 * Each clean-up first checks whether its mode left anything, and whether the machine has the tools. ipvs comes before
 * iptables: it only empties the chains that both modes have, and the clean-up of iptables deletes them.
 */
const cleanUps: Readonly<Record<ProxyMode, (options: CleanUpOptions) => Promise<void>>> = {
  ipvs: cleanUpIpvs,
  iptables: cleanUpIptables,
  nftables: cleanUpNftables,
  userspace: cleanUpUserspace,
};

/**
 * Removes what kube-proxy wrote for both families. Foreign rules stay.
 * @throws AggregateError after all modes have been tried
 */
export const cleanUp = async (options: CleanUpOptions): Promise<void> => {
  const errors: unknown[] = [];
  for (const [mode, cleanUpMode] of Object.entries(cleanUps)) {
    if (mode === options.running) continue;
    await cleanUpMode(options).catch((error: unknown) => errors.push(error));
  }
  options.signal.throwIfAborted();
  if (errors.length > 0) throw new AggregateError(errors, errors.map(messageOf).join('; '));
};
