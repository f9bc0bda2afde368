// What modes leave in the kernel when their process ends, and how it goes: by `kube-proxy --cleanup` all of it, and when another mode
// has taken over, what that one doesn't use.

import type { ProxyMode } from '../../api/proxy-modes.ts';
import { messageOf } from '../../kit/error.ts';
import type { CleanUpOptions } from './backend.ts';
import { cleanUpIptables } from './iptables/cleanup.ts';
import { cleanUpIpvs } from './ipvs/cleanup.ts';
import { cleanUpNftables } from './nftables/cleanup.ts';
import { cleanUpUserspace } from './userspace/cleanup.ts';

/**
 * Each finds out by itself whether there is anything, and whether this machine has the tools at all. ipvs comes before iptables: of
 * the chains that both have, it only takes out its rules.
 */
const cleanUps: Readonly<Record<ProxyMode, (options: CleanUpOptions) => Promise<void>>> = {
  ipvs: cleanUpIpvs,
  iptables: cleanUpIptables,
  nftables: cleanUpNftables,
  userspace: cleanUpUserspace,
};

/**
 * Takes out what is ours, of both families, and nothing else.
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
