// Removes everything of ipvs mode, of both families: addresses of services, virtual servers, rules, sets.
import { createDummyLink } from '../../sys/dummy-link.ts';
import { createIpset, ipsetProblem } from '../../sys/ipset.ts';
import { createIpvs } from '../../sys/ipvs.ts';
import type { CleanUpOptions } from '../backend.ts';
import type { IpFamily } from '../types.ts';
import { serviceLink } from '../view/machine-addresses.ts';
import { findsOwnJumps, isCommonChain } from '../xtables/common-chains.ts';
import type { Existing as ExistingRules } from '../xtables/existing.ts';
import { planRemoval, removeRules } from '../xtables/removal.ts';
import { jumps } from './build-rules.ts';
import { chain, isOurChain } from './chains.ts';
import { type Existing, isOurs, ofFamily, readSets } from './existing.ts';
import { serviceOption } from './plan.ts';
import { setName } from './sets.ts';

const families = ['IPv4', 'IPv6'] as const;

export const cleanUpIpvs = async (options: CleanUpOptions): Promise<void> => {
  const { signal, log } = options;
  const sets = (await ipsetProblem(signal)) === undefined ? await createIpset().save(signal) : '';
  const found = await Promise.all(families.map((family) => look(family, sets, signal)));
  for (const existing of found) await removeServers(existing, signal);
  if (await createDummyLink(serviceLink).remove(signal))
    log.info(0, 'Removed the addresses of services', { link: serviceLink });
  // Rules go before sets, because a set that a rule uses can't be destroyed.
  const plan = (rules: ExistingRules): string | undefined => planCleanup(rules, options.running === 'iptables');
  await removeRules({ mode: 'ipvs', plan, mark: chain.loadBalancer }, options);
  const names = found.flatMap((existing, index) => ourSets(existing, families[index] ?? 'IPv4'));
  await createIpset().restore(
    names.map((name) => `destroy ${name}`),
    signal,
  );
};

const look = async (family: IpFamily, sets: string, signal: AbortSignal): Promise<Existing> => ({
  servers: ofFamily(await createIpvs().list(signal), family),
  sets: readSets(sets, family),
  addresses: await createDummyLink(serviceLink).list(family, signal),
});

const removeServers = (existing: Existing, signal: AbortSignal): Promise<void> =>
  createIpvs().restore(
    existing.servers.filter((server) => isOurs(server, existing)).map((server) => `-D ${serviceOption(server)}`),
    signal,
  );

const ourSets = ({ sets }: Existing, family: IpFamily): string[] =>
  [...sets].filter(([, { foreign }]) => !foreign).map(([key]) => setName(key, family));

/**
 * Removes nothing unless there is a chain that only ipvs mode has.
 * @param sparesIptables leaves the chains alone that iptables mode has, too. Otherwise they are emptied, and the
 *   clean-up of iptables mode deletes them.
 */
export const planCleanup = (existing: ExistingRules, sparesIptables: boolean): string | undefined => {
  const isOwn = (table: string, name: string): boolean => isOurChain(table, name) && !isCommonChain(table, name);
  if (![...existing.chains].some(([table, names]) => [...names].some((name) => isOwn(table, name)))) return undefined;
  return planRemoval(existing, {
    isOurs: isOwn,
    isOurJump: findsOwnJumps(jumps),
    isEmptied: (table, name) => !sparesIptables && isCommonChain(table, name),
  });
};
