// Takes out everything of ipvs mode, of both families: virtual servers, the link with services' addresses, rules, sets.
import { createDummyLink } from '../../sys/dummy-link.ts';
import { createIpset, ipsetLack } from '../../sys/ipset.ts';
import { createIpvs } from '../../sys/ipvs.ts';
import { createNetfilter, hasNetfilter } from '../../sys/netfilter.ts';
import type { CleanUpOptions } from '../cleanup.ts';
import { readExisting } from '../iptables/existing.ts';
import { planRemoval } from '../iptables/plan.ts';
import { linkName } from '../node-view.ts';
import type { IpFamily } from '../types.ts';
import { isOurChain } from './chains.ts';
import { type Existing, isOurs, ofFamily, readSets } from './existing.ts';
import { serviceOption } from './plan.ts';
import { setName } from './sets.ts';

export const cleanUpIpvs = async (options: CleanUpOptions): Promise<void> => {
  const { signal } = options;
  const link = createDummyLink(linkName);
  for (const family of ['IPv4', 'IPv6'] as const) {
    const hasSets = (await ipsetLack(signal)) === undefined;
    const existing: Existing = {
      servers: ofFamily(await createIpvs().list(), family),
      sets: readSets(hasSets ? await createIpset().save(signal) : '', family),
      addresses: await link.list(family, signal),
    };
    await cleanUpFamily(family, existing, options);
  }
  await link.remove(signal);
};

const cleanUpFamily = async (family: IpFamily, existing: Existing, { log, signal }: CleanUpOptions): Promise<void> => {
  if (existing.addresses) await createDummyLink(linkName).change({ add: [], remove: existing.addresses }, signal);
  const servers = existing.servers.filter((server) => isOurs(server, existing));
  await createIpvs().restore(
    servers.map((server) => `-D ${serviceOption(server)}`),
    signal,
  );
  const sets = [...existing.sets].filter(([, { foreign }]) => !foreign).map(([key]) => setName(key, family));
  if (sets.length === 0) return;
  // Rules before sets: one that is in use can't be destroyed.
  if (await hasNetfilter(family, signal)) {
    const netfilter = createNetfilter(family);
    const input = planRemoval(readExisting(await netfilter.save(signal)), isOurChain);
    if (input) await netfilter.restore(input, signal);
  }
  await createIpset().restore(
    sets.map((name) => `destroy ${name}`),
    signal,
  );
  log.info(0, 'Removed the rules of kube-proxy', { ipFamily: family, mode: 'ipvs' });
};
