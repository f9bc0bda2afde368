// Takes out the chains of iptables mode, of both families, and the rules that lead to them.
import { createNetfilter, hasNetfilter } from '../../sys/netfilter.ts';
import type { CleanUpOptions } from '../cleanup.ts';
import { readExisting } from './existing.ts';
import { planCleanup } from './plan.ts';

export const cleanUpIptables = async ({ log, signal }: CleanUpOptions): Promise<void> => {
  for (const family of ['IPv4', 'IPv6'] as const) {
    if (!(await hasNetfilter(family, signal))) continue;
    const netfilter = createNetfilter(family);
    const step = planCleanup(readExisting(await netfilter.save(signal)));
    if (!step) continue;
    await netfilter.restore(step.input, signal);
    log.info(0, 'Removed the rules of kube-proxy', { ipFamily: family, mode: 'iptables' });
  }
};
