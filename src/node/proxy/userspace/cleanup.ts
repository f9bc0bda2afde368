// Takes out the chains of userspace mode, of both families, and the rules that lead to them.
import { createNetfilter, hasNetfilter } from '../../sys/netfilter.ts';
import type { ModeContext } from '../backend.ts';
import { readExisting } from '../iptables/existing.ts';
import { planRemoval } from './plan.ts';

export const cleanUpUserspace = async ({ log, signal }: Pick<ModeContext, 'log' | 'signal'>): Promise<void> => {
  for (const family of ['IPv4', 'IPv6'] as const) {
    if (!(await hasNetfilter(family, signal))) continue;
    const netfilter = createNetfilter(family);
    const input = planRemoval(readExisting(await netfilter.save(signal)));
    if (input === undefined) continue;
    await netfilter.restore(input, signal);
    log.info(0, 'Removed the rules of kube-proxy', { ipFamily: family, mode: 'userspace' });
  }
};
