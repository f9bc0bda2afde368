// Takes out the chains of iptables mode, of both families, and the rules that lead to them.
import { type Flavour, flavoursInUse } from '../../sys/iptables-flavour.ts';
import { createNetfilter, hasNetfilter } from '../../sys/netfilter.ts';
import type { CleanUpOptions } from '../backend.ts';
import { readExisting } from './existing.ts';
import { planCleanup } from './plan.ts';

/** From both packet filters: nobody knows which one an earlier kube-proxy took. */
export const cleanUpIptables = async ({ log, signal }: CleanUpOptions): Promise<void> => {
  const flavours: readonly Flavour[] = await flavoursInUse(signal);
  for (const flavour of flavours.length > 0 ? flavours : (['default'] as const)) {
    for (const family of ['IPv4', 'IPv6'] as const) {
      if (!(await hasNetfilter(family, signal, flavour))) continue;
      const netfilter = createNetfilter(family, [], flavour);
      const step = planCleanup(readExisting(await netfilter.save(signal)));
      if (!step) continue;
      await netfilter.restore(step.input, signal);
      log.info(0, 'Removed the rules of kube-proxy', { ipFamily: family, mode: 'iptables', backend: flavour });
    }
  }
};
