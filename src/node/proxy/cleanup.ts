// `kube-proxy --cleanup`: takes out everything of ours, of both families, and nothing else.
import type { Logger } from '../../kit/logger.ts';
import { createNetfilter } from '../sys/netfilter.ts';
import { readExisting } from './iptables/existing.ts';
import { planCleanup } from './iptables/plan.ts';

export const cleanUp = async (log: Logger, signal: AbortSignal): Promise<void> => {
  for (const family of ['IPv4', 'IPv6'] as const) {
    const netfilter = createNetfilter(family);
    const step = planCleanup(readExisting(await netfilter.save(signal)));
    if (!step) continue;
    await netfilter.restore(step.input, signal);
    log.info(0, 'Removed the rules of kube-proxy', { ipFamily: family });
  }
};
